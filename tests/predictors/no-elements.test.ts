import { expect, test } from '@jest/globals';
import { createGraph, type Graph, type Node } from '@nnmeter/ir';
import { createPredictor } from '@nnmeter/predictor';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriad from '@nnmeter/predictor-myriadvpu';

const predictors = [cortexA76, adreno640, myriad].map(createPredictor);

/** A convolution of an image of which one extent is 0, and a rectifier behind it. */
function network(batch: number, channels: number, attributes: object = {}): Graph {
  const image = { dataType: 'float32', layout: 'NCHW' } as const;
  const window = { kernelShape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1] };
  return createGraph({
    name: 'empty',
    nodes: [
      {
        name: 'conv',
        op: 'conv',
        attributes: { ...window, group: 1, ...attributes },
        inputs: ['x', 'w'],
        outputs: ['y'],
        sourceOp: 'Conv',
      },
      { name: 'relu', op: 'relu', attributes: {}, inputs: ['y'], outputs: ['z'], sourceOp: 'Relu' },
    ] as Node[],
    tensors: [
      { ...image, name: 'x', kind: 'input', shape: [batch, channels, 8, 8] },
      { ...image, name: 'w', kind: 'constant', shape: [4, channels, 3, 3], layout: 'OIHW' },
      { ...image, name: 'y', kind: 'activation', shape: [batch, 4, 8, 8] },
      { ...image, name: 'z', kind: 'activation', shape: [batch, 4, 8, 8] },
    ],
    inputs: ['x'],
    outputs: ['z'],
  });
}

test.each([
  ['no image', 0, 3],
  ['no channel', 1, 0],
])('%s is 0 ms and a warning on every device', (_, batch, channels) => {
  for (const predictor of predictors) {
    const { latencyMs, startupMs, kernels, warnings } = predictor.predictGraph(
      network(batch, channels),
    );
    const sum = kernels.reduce((total, kernel) => total + kernel.latencyMs, startupMs);
    expect(latencyMs).toBe(sum);
    expect(kernels[0]!.latencyMs).toBe(0);
    expect(warnings.join()).toMatch(/0 ms, because a dimension .* is 0: "conv"/);
  }
});

test.each([
  ['group', { group: 0 }],
  ['group', { group: Number.NaN }],
  ['kernelShape', { kernelShape: [Number.POSITIVE_INFINITY, 3] }],
])('an impossible %s is an error that names the node, not a number', (_, attributes) => {
  for (const predictor of predictors) {
    expect(() => predictor.predictGraph(network(1, 3, attributes))).toThrow(
      expect.objectContaining({
        code: 'E_INVALID_GRAPH',
        where: expect.objectContaining({ node: 'conv' }),
      }),
    );
  }
});
