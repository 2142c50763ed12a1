import { describe, expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

const HEADS = [1, 12, 196, 64];
const SCORES = [1, 12, 196, 196];
const MATMUL = { transposeA: false, transposeB: false };

function network(between: (b: GraphBuilder, scores: string) => string, values = true) {
  const b = new GraphBuilder();
  const [q, k, v] = ['q', 'k', 'v'].map((name) => b.node('relu', [b.input(name, HEADS)]));
  const turned = b.node('transpose', [k!], {
    shape: [1, 12, 64, 196],
    attributes: { perm: [0, 1, 3, 2] },
  });
  const scores = b.node('matmul', [q!, turned], { shape: SCORES, attributes: MATMUL });
  const weights = b.node('softmax', [between(b, scores)], {
    attributes: { axis: 3 },
    name: 'soft',
  });
  if (!values) return b.result(weights).build();
  return b.result(b.node('matmul', [weights, v!], { shape: HEADS, attributes: MATMUL })).build();
}

const around = ['relu', 'relu', 'transpose', 'relu'];

describe('attention', () => {
  test('plain, scaled, masked by a constant', () => {
    const scale = (b: GraphBuilder, s: string) => b.node('div', [s, b.scalar(8)]);
    const mask = (b: GraphBuilder, s: string) =>
      b.node('add', [scale(b, s), b.constant('mask', [1, 1, 196, 196])]);
    const untoldConstant = (b: GraphBuilder, s: string) => b.node('mul', [s]);
    for (const between of [(_: GraphBuilder, s: string) => s, scale, mask, untoldConstant]) {
      const found = stages(network(between));
      expect(found.filter((type) => type !== 'attention').sort()).toEqual([...around].sort());
      expect(found.at(-1)).toBe('attention');
    }
  });

  test('masked by a computed tensor', () => {
    const b = new GraphBuilder();
    const mask = b.node('cast', [b.input('m', SCORES)], { attributes: { to: 'float32' } });
    const scores = b.node('matmul', [b.input('q', HEADS), b.input('k', HEADS)], {
      shape: SCORES,
      attributes: MATMUL,
    });
    const weights = b.node('softmax', [b.node('add', [scores, mask])], { attributes: { axis: 3 } });
    const graph = b
      .result(b.node('matmul', [weights, b.input('v', HEADS)], { attributes: MATMUL }))
      .build();
    expect(stages(graph)).toEqual(['cast', 'attention']);
  });
});

describe('why not', () => {
  test('a classifier ends in a softmax', () => {
    const b = new GraphBuilder();
    const logits = b.node('fc', [b.input('x', [1, 16]), b.constant('w', [16, 10])], {
      attributes: MATMUL,
    });
    const graph = b
      .result(b.node('softmax', [logits], { attributes: { axis: 1 }, name: 'soft' }))
      .build();
    expect(stages(graph)).toEqual(['fc', 'softmax']);
    expect(whyNot(graph, 'attention', 'soft')).toBe(
      '"fc_0" is neither a product of two tensors nor a scaling or mask of one',
    );
  });

  test('no product with values', () => {
    const graph = network((_, scores) => scores, false);
    expect(whyNot(graph, 'attention', 'soft')).toBe('"soft" is not read by one matmul only');
  });
});
