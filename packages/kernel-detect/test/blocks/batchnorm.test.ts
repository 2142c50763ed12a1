import { expect, test } from '@jest/globals';
import { detectKernels } from '@nnmeter/kernel-detect';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

const CHANNELS = [16, 1, 1];
const RULES = { fuse: { BF_conv_bn: true, BF_conv_relu: true, BF_conv_add: true } };

test.each([
  ['scale and shift', true, true],
  ['scale alone', false, true],
  ['with a bias in between', true, false],
])('behind a convolution: %s', (_, shifted, plain) => {
  const b = new GraphBuilder();
  let x = b.conv(b.input('x'));
  if (!plain) x = b.node('add', [x, b.constant('bias', CHANNELS)]);
  x = b.node('mul', [x, b.constant('scale', CHANNELS)]);
  if (shifted) x = b.node('add', [x, b.constant('shift', CHANNELS)]);
  const graph = b.result(b.node('relu', [x])).build();
  expect(detectKernels(graph, RULES).map(({ type }) => type)).toEqual(['conv-bn-relu']);
});

test.each<[string, (b: GraphBuilder, conv: string) => string, RegExp]>([
  [
    'a product of two computed tensors',
    (b, x) => b.node('mul', [x, b.input('y')], { name: 'scale' }),
    /"scale" does not scale channels/,
  ],
  [
    'a constant of many axes',
    (b, x) => b.node('mul', [x, b.constant('mask', [16, 8, 8])], { name: 'scale' }),
    /"scale" does not scale channels/,
  ],
  [
    'behind an activation',
    (b, x) => b.node('mul', [b.node('relu', [x]), b.constant('c', CHANNELS)], { name: 'scale' }),
    /"scale" is neither the only reader of a linear layer nor shifted by channel/,
  ],
])('not %s', (_, scale, reason) => {
  const b = new GraphBuilder();
  const graph = b.result(scale(b, b.conv(b.input('x')))).build();
  expect(stages(graph)).not.toContain('bn');
  expect(whyNot(graph, 'bn', 'scale')).toMatch(reason);
});

test('by channel behind anything, as TFLite writes it', () => {
  const b = new GraphBuilder();
  const scaled = b.node('mul', [b.node('relu', [b.input('x')]), b.constant('scale', CHANNELS)]);
  const graph = b.result(b.node('add', [scaled, b.constant('shift', CHANNELS)])).build();
  expect(stages(graph)).toEqual(['relu', 'bn']);
});

test('not by one number for all channels', () => {
  const b = new GraphBuilder();
  const scaled = b.node('mul', [b.node('relu', [b.input('x')]), b.scalar(2)]);
  const graph = b.result(b.node('add', [scaled, b.scalar(1)])).build();
  expect(stages(graph)).not.toContain('bn');
});

test('a scale by channel behind a normalised layer folds too, as layer scales of PyTorch do', () => {
  const b = new GraphBuilder();
  const normal = b.node('bn', [b.conv(b.input('x')), b.constant('gamma', [16])]);
  const graph = b.result(b.node('mul', [normal, b.constant('scale', CHANNELS)])).build();
  expect(detectKernels(graph, RULES)).toMatchObject([{ positions: [0, 1, 2] }]);
});
