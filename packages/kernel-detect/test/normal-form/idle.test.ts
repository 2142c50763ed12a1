import { describe, expect, test } from '@jest/globals';
import { detectKernels, explainFusion } from '@nnmeter/kernel-detect';
import { stages } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

const RULES = { fuse: { BF_conv_relu: true } };

describe.each<[string, (b: GraphBuilder, x: string) => string]>([
  [
    'a product with 1',
    (b, x) => b.node('mul', [b.scalar(1), x], { name: 'idle', shape: [1, 16, 8, 8] }),
  ],
  ['a quotient by 1', (b, x) => b.node('div', [x, b.scalar(1)], { name: 'idle' })],
  ['a power of 1', (b, x) => b.node('pow', [x, b.scalar(1)], { name: 'idle' })],
  [
    'a sum with 0',
    (b, x) => b.node('add', [x, b.constant('zeros', [2], [0, 0])], { name: 'idle' }),
  ],
  ['a difference with 0', (b, x) => b.node('sub', [x, b.scalar(0)], { name: 'idle' })],
  ['an identity', (b, x) => b.node('identity', [x], { name: 'idle' })],
  [
    'a reshape to the same shape',
    (b, x) => b.node('reshape', [x], { name: 'idle', attributes: { shape: [1, 16, 8, 8] } }),
  ],
])('%s', (_, idle) => {
  test('does not part what it stands between, and belongs to what it follows', () => {
    const b = new GraphBuilder();
    const x = b.conv(b.input('x'), { name: 'conv' });
    const graph = b.result(b.node('relu', [idle(b, x)], { name: 'relu' })).build();
    const [kernel, ...others] = detectKernels(graph, RULES);
    expect(others).toEqual([]);
    expect(kernel).toMatchObject({ type: 'conv-relu', positions: [0, 1, 2] });
    expect(kernel!.nodes).toEqual(graph.nodes);
    expect(kernel!.root).toBe(graph.node('conv'));
    expect(explainFusion(graph, RULES, 'idle').pairs).toEqual([
      expect.objectContaining({ from: 'conv', to: 'idle', fused: true }),
    ]);
  });

  test('as the last node leaves the result to the one before', () => {
    const b = new GraphBuilder();
    const graph = b.result(idle(b, b.conv(b.input('x'), { name: 'conv' }))).build();
    const kernels = detectKernels(graph, RULES);
    expect(kernels.map(({ type, outputs }) => [type, outputs.map(({ name }) => name)])).toEqual([
      ['conv', ['conv:0']],
    ]);
  });
});

test.each<[string, (b: GraphBuilder, x: string) => string]>([
  ['1 minus a tensor', (b, x) => b.node('sub', [b.scalar(1), x])],
  ['the reciprocal', (b, x) => b.node('div', [b.scalar(1), x])],
  ['an exponential', (b, x) => b.node('pow', [b.scalar(1), x])],
  ['a product with another number', (b, x) => b.node('mul', [x, b.scalar(2)])],
  ['a product with numbers that are not told', (b, x) => b.node('mul', [x, b.constant('c', [1])])],
  [
    'a product that makes it larger',
    (b, x) =>
      b.node('mul', [x, b.constant('ones', [2, 1, 1, 1], [1, 1])], { shape: [2, 16, 8, 8] }),
  ],
])('%s is work', (_, work) => {
  const b = new GraphBuilder();
  const graph = b.result(work(b, b.node('relu', [b.input('x')]))).build();
  expect(stages(graph)).toHaveLength(2);
});

test('silu behind a product with 1, as Keras freezes it, is one swish', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const beta = b.node('mul', [x, b.scalar(1)]);
  const graph = b.result(b.node('mul', [x, b.node('sigmoid', [beta])])).build();
  expect(stages(graph)).toEqual(['conv', 'swish']);
});

test('a chain of a hundred thousand idle nodes', () => {
  const b = new GraphBuilder();
  let x = b.node('relu', [b.input('x')]);
  for (let i = 0; i < 100_000; i++) x = b.node('identity', [x]);
  const graph = b.result(b.node('relu', [x])).build();
  const kernels = detectKernels(graph, { fuse: {} });
  expect(kernels.map(({ nodes }) => nodes.length)).toEqual([100_001, 1]);
});
