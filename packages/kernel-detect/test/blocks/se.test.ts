import { describe, expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

const IMAGE = [1, 16, 8, 8];
const POINT = [1, 16, 1, 1];
type Step = (b: GraphBuilder, x: string) => string;

const relu: Step = (b, x) => b.node('relu', [x]);
const sigmoid: Step = (b, x) => b.node('sigmoid', [x]);
const swish: Step = (b, x) => b.node('mul', [x, b.node('sigmoid', [x])]);
const hswish: Step = (b, x) =>
  b.node('mul', [b.node('hardsigmoid', [x], { attributes: { alpha: 1 / 6, beta: 0.5 } }), x]);
const hardSigmoid: Step = (b, x) =>
  b.node('hardsigmoid', [x], { attributes: { alpha: 1 / 6, beta: 0.5 } });
const writtenOut: Step = (b, x) =>
  b.node('mul', [b.relu6(b.node('add', [x, b.scalar(3)])), b.scalar(1 / 6)]);
/** What TFLite's converter leaves of it once the 3 is in a bias. */
const scaledRelu6: Step = (b, x) => b.node('mul', [b.relu6(x), b.scalar(1 / 6)]);
const pointConv: Step = (b, x) => b.conv(x, { kernel: 1, shape: POINT });
const withBias: Step = (b, x) =>
  b.node('add', [pointConv(b, x), b.constant(`bias${x}`, POINT)], { sourceOp: 'BiasAdd' });
const withNormalisation: Step = (b, x) => b.node('bn', [pointConv(b, x)], { shape: POINT });

function network(
  steps: { pool?: Step; dense?: Step; activation?: Step; gate?: Step; pooled?: 'other' } = {},
) {
  const { pool, dense = pointConv, activation = relu, gate = sigmoid } = steps;
  const b = new GraphBuilder();
  const x = b.conv(b.input('x', IMAGE));
  const pooled = pool ? pool(b, x) : b.node('gap', [x], { shape: POINT, name: 'pool' });
  const scale = gate(b, dense(b, activation(b, dense(b, pooled))));
  const target = steps.pooled === 'other' ? b.node('relu', [x]) : x;
  return b.result(b.node('mul', [scale, target], { name: 'product' })).build();
}

describe('squeeze and excitation', () => {
  test.each([
    ['mobilenet_v3 of torchvision', { gate: hardSigmoid }],
    ['efficientnet', { activation: swish }],
    ['regnet_y', {}],
    ['hswish within', { activation: hswish, gate: hardSigmoid }],
    ['mnasnet and mobilenetv3 of the benchmark', { dense: withBias, gate: writtenOut }],
    ['gate written out, no bias', { gate: writtenOut }],
    ['mobilenet_v3 in TFLite', { gate: scaledRelu6 }],
    ['rexnet, not folded', { dense: withNormalisation }],
  ])('%s', (_, steps) => {
    expect(stages(network(steps))).toEqual(['conv', 'se']);
  });

  test('with an average pool over the whole image', () => {
    const pool = (shape: number[]): Step => {
      const kernelShape = [8, 8];
      const attributes = {
        kernelShape,
        strides: [1, 1],
        pads: [0, 0, 0, 0],
        dilations: [1, 1],
        ceilMode: false,
      };
      return (b, x) => b.node('avgpool', [x], { shape, name: 'pool', attributes });
    };
    expect(stages(network({ pool: pool(POINT) }))).toEqual(['conv', 'se']);
    expect(whyNot(network({ pool: pool(IMAGE) }), 'se', 'pool')).toBe(
      '"pool" does not average over the whole image',
    );
  });

  test('with fully connected layers between reshapes', () => {
    const b = new GraphBuilder();
    const x = b.conv(b.input('x', IMAGE));
    const reshape = (input: string, shape: number[]) =>
      b.node('reshape', [input], { shape, attributes: { shape } });
    const fc = (input: string) =>
      b.node('fc', [input, b.constant(`w${input}`, [16, 16])], {
        attributes: { transposeA: false, transposeB: false },
      });
    const vector = reshape(b.node('gap', [x], { shape: POINT }), [1, 16]);
    const scale = reshape(sigmoid(b, fc(relu(b, fc(vector)))), POINT);
    expect(stages(b.result(b.node('mul', [x, scale])).build())).toEqual(['conv', 'se']);
  });
});

describe('why not', () => {
  test('the product is with another tensor', () => {
    const graph = network({ pooled: 'other' });
    expect(stages(graph)).not.toContain('se');
    expect(whyNot(graph, 'se', 'pool')).toBe(
      '"product" does not multiply by the tensor that was pooled',
    );
  });

  test('a 3x3 convolution', () => {
    const graph = network({
      dense: (b, x) => b.conv(x, { kernel: 3, shape: POINT, name: `wide_${x}` }),
    });
    expect(whyNot(graph, 'se', 'pool')).toBe('"wide_pool:0" is not a 1x1 convolution');
  });

  test('no activation between', () => {
    const graph = network({
      activation: (b, x) => b.node('softmax', [x], { attributes: { axis: 1 } }),
    });
    expect(whyNot(graph, 'se', 'pool')).toBe('"conv_2" is not followed by an activation');
  });

  test('the pooled values are a result too', () => {
    const b = new GraphBuilder();
    const x = b.conv(b.input('x', IMAGE));
    const pooled = b.node('gap', [x], { shape: POINT, name: 'pool' });
    const scale = sigmoid(b, pointConv(b, relu(b, pointConv(b, pooled))));
    const graph = b.result(b.node('mul', [x, scale]), pooled).build();
    expect(stages(graph)).not.toContain('se');
    expect(whyNot(graph, 'se', 'pool')).toContain('"pool" is not read by one 1x1 convolution');
  });
});
