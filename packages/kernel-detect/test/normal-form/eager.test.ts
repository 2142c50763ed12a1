import { expect, test } from '@jest/globals';
import { detectKernels, explainFusion } from '@nnmeter/kernel-detect';
import { GraphBuilder } from '../support/graph.ts';

const FUSE = { BF_conv_bn: true };
const CONVERTED = { fuse: FUSE };
const EAGER = { eager: true, fuse: FUSE };

/** Kernel types as a framework with a converter, and as one without, runs what `write` adds to an image. */
function types(write: (b: GraphBuilder, x: string) => string): [string[], string[]] {
  const b = new GraphBuilder();
  const graph = b.result(write(b, b.node('relu', [b.input('x')]))).build();
  return [CONVERTED, EAGER].map((rules) => detectKernels(graph, rules).map(({ type }) => type)) as [
    string[],
    string[],
  ];
}

const factor = (b: GraphBuilder, name: string) => b.constant(name, [16, 1, 1]);

test.each<[string, (b: GraphBuilder, x: string) => string, string[], string[]]>([
  ['a product with 1', (b, x) => b.node('mul', [x, b.scalar(1)]), ['relu'], ['relu', 'mul']],
  ['an identity', (b, x) => b.node('identity', [x]), ['relu'], ['relu']],
  [
    'a batch normalization',
    (b, x) => b.node('bn', [b.conv(x)]),
    ['relu', 'conv-bn'],
    ['relu', 'conv-bn'],
  ],
  [
    'one that is written out',
    (b, x) => b.node('add', [b.node('mul', [b.conv(x), factor(b, 'w')]), factor(b, 'c')]),
    ['relu', 'conv-bn'],
    ['relu', 'conv', 'mul', 'add'],
  ],
  [
    'an addcmul, as torch.onnx writes it',
    (b, x) => {
      const product = b.node('mul', [b.node('mul', [factor(b, 'w'), b.conv(x)]), b.scalar(1)]);
      return b.node('add', [factor(b, 'c'), product]);
    },
    ['relu', 'conv-bn'],
    ['relu', 'conv', 'addcmul'],
  ],
])('%s', (_, write, converted, eager) => {
  expect(types(write)).toEqual([converted, eager]);
});

test('both readings of one graph stand beside each other', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'), { name: 'conv' });
  const graph = b.result(b.node('mul', [x, b.scalar(1)], { name: 'times one' })).build();
  const fused = (rules: typeof CONVERTED) => explainFusion(graph, rules, 'times one').pairs;
  for (const [rules, isFused] of [
    [CONVERTED, true],
    [EAGER, false],
    [CONVERTED, true],
  ] as const) {
    expect(detectKernels(graph, rules)).toHaveLength(isFused ? 1 : 2);
    expect(fused(rules)).toEqual([expect.objectContaining({ to: 'times one', fused: isFused })]);
  }
});
