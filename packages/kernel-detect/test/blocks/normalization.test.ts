import { describe, expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

const TOKENS = [1, 196, 768];
const ROW = [1, 196, 1];

interface Variant {
  readonly square?: 'pow' | 'mul' | 'square';
  readonly root?: 'div' | 'rsqrt' | 'reciprocal';
  readonly affine?: boolean;
  readonly axes?: number[];
  readonly subtract?: 'other';
}

function network({ square = 'pow', root = 'div', affine = true, axes = [2], subtract }: Variant) {
  const b = new GraphBuilder();
  const x = b.node('add', [b.input('x', TOKENS), b.input('y', TOKENS)]);
  const mean = (input: string, over: number[], name: string) =>
    b.node('reducemean', [input], { shape: ROW, attributes: { axes: over, keepDims: true }, name });
  const average = mean(x, [2], 'mean');
  const centre = b.node('sub', [subtract ? b.node('relu', [x]) : x, average], { name: 'centre' });
  const squared = {
    pow: () => b.node('pow', [centre, b.scalar(2)]),
    mul: () => b.node('mul', [centre, centre]),
    square: () => b.node('square', [centre]),
  }[square]();
  const variance = b.node('add', [mean(squared, axes, 'variance'), b.scalar(1e-6)]);
  const normal = {
    div: () => b.node('div', [centre, b.node('sqrt', [variance])]),
    rsqrt: () => b.node('mul', [centre, b.node('rsqrt', [variance])]),
    reciprocal: () =>
      b.node('mul', [b.node('reciprocal', [b.node('sqrt', [variance])]), centre], {
        shape: TOKENS,
      }),
  }[root]();
  if (!affine) return b.result(normal).build();
  const scaled = b.node('mul', [normal, b.constant('gamma', [768])]);
  return b.result(b.node('add', [scaled, b.constant('beta', [768])])).build();
}

describe('spellings of layer normalisation', () => {
  test.each<[string, Variant]>([
    ['as PyTorch exports it', {}],
    ['the square as a product, without scale and shift', { square: 'mul', affine: false }],
    ['square and reciprocal root', { square: 'square', root: 'rsqrt' }],
    ['root, then reciprocal', { root: 'reciprocal' }],
  ])('%s', (_, variant) => {
    expect(stages(network(variant))).toEqual(['add', 'layernorm']);
  });

  test('as Keras writes it: x and the mean times gamma over the deviation', () => {
    const b = new GraphBuilder();
    const x = b.node('relu', [b.input('x', TOKENS)]);
    const mean = (input: string) =>
      b.node('reducemean', [input], { shape: ROW, attributes: { axes: [2], keepDims: true } });
    const average = mean(x);
    const variance = mean(b.node('square', [b.node('sub', [x, average])]));
    const root = b.node('rsqrt', [b.node('add', [variance, b.scalar(1e-6)])]);
    const factor = b.node('mul', [root, b.constant('gamma', [768])], { shape: TOKENS });
    const scaled = b.node('mul', [x, factor]);
    const offset = b.node('mul', [average, factor], { shape: TOKENS });
    const shift = b.node('sub', [b.constant('beta', [768]), offset], { shape: TOKENS });
    const graph = b.result(b.node('relu', [b.node('add', [scaled, shift])])).build();
    expect(stages(graph)).toEqual(['relu', 'layernorm', 'relu']);
  });

  test('by the root of the mean square alone', () => {
    const b = new GraphBuilder();
    const x = b.node('relu', [b.input('x', TOKENS)]);
    const square = b.node('pow', [x, b.scalar(2)]);
    const mean = b.node('reducemean', [square], {
      shape: ROW,
      attributes: { axes: [2], keepDims: true },
    });
    const root = b.node('rsqrt', [b.node('add', [mean, b.scalar(1e-6)])], { name: 'root' });
    const normal = b.node('mul', [x, root]);
    const graph = b.result(b.node('mul', [b.constant('gamma', [768]), normal])).build();
    expect(stages(graph)).toEqual(['relu', 'rmsnorm']);
    const open = b.result(root).build();
    expect(stages(open)).not.toContain('rmsnorm');
  });

  test('the single op', () => {
    const b = new GraphBuilder();
    const graph = b.result(b.node('layernorm', [b.input('x', TOKENS)])).build();
    expect(stages(graph)).toEqual(['layernorm']);
  });

  test('an add of a computed tensor after it stays apart', () => {
    const b = new GraphBuilder();
    const x = b.input('x', TOKENS);
    const mean = (input: string) =>
      b.node('reducemean', [input], { shape: ROW, attributes: { axes: [2], keepDims: true } });
    const centre = b.node('sub', [x, mean(x)]);
    const variance = b.node('add', [mean(b.node('pow', [centre, b.scalar(2)])), b.scalar(1e-6)]);
    const normal = b.node('div', [centre, b.node('sqrt', [variance])]);
    const graph = b.result(b.node('add', [normal, x])).build();
    expect(stages(graph)).toEqual(['layernorm', 'add']);
  });
});

describe('group normalisation as PyTorch exports it', () => {
  const IMAGE = [2, 16, 8, 8];
  const grouped = (groups: readonly number[], back: readonly number[]) => {
    const b = new GraphBuilder();
    const x = b.node('relu', [b.input('x', IMAGE)]);
    const reshape = (input: string, shape: readonly number[], name: string) =>
      b.node('reshape', [input], { shape, attributes: { shape }, name });
    const split = reshape(x, groups, 'split');
    const normal = b.node(
      'instancenorm',
      [split, b.constant('one', [4]), b.constant('zero', [4])],
      {
        name: 'normal',
      },
    );
    const scaled = b.node('mul', [reshape(normal, back, 'merge'), b.constant('gamma', [16, 1, 1])]);
    return b
      .result(b.node('relu', [b.node('add', [scaled, b.constant('beta', [16, 1, 1])])]))
      .build();
  };

  test('is one operation', () => {
    expect(stages(grouped([2, 4, 256], IMAGE))).toEqual(['relu', 'groupnorm', 'relu']);
  });

  test.each<[string, readonly number[], readonly number[], RegExp]>([
    ['groups across the batch', [1, 8, 256], IMAGE, /"split" does not divide channels into groups/],
    ['another shape after it', [2, 4, 256], [2, 8, 16, 8], /"merge" does not restore the shape/],
  ])('not with %s', (_, groups, back, reason) => {
    const graph = grouped(groups, back);
    expect(stages(graph)).not.toContain('groupnorm');
    expect(whyNot(graph, 'groupnorm', 'normal')).toMatch(reason);
  });
});

describe('why not', () => {
  test('other axes for the variance', () => {
    expect(whyNot(network({ axes: [1] }), 'layernorm', 'mean')).toBe(
      '"variance" averages over other axes',
    );
  });

  test('another tensor minus the mean', () => {
    const graph = network({ subtract: 'other' });
    expect(stages(graph)).not.toContain('layernorm');
    expect(whyNot(graph, 'layernorm', 'mean')).toBe(
      '"centre" combines what was averaged with another tensor',
    );
  });
});
