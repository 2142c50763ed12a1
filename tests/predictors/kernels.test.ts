import { describe, expect, test } from '@jest/globals';
import { createGraph, GraphBuilder } from '@nnmeter/ir';
import { calibratePredictor, createPredictor, fitCalibration } from '@nnmeter/predictor';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriad from '@nnmeter/predictor-myriadvpu';
import { buildModel } from '@nnmeter/zoo';

const predictors = [cortexA76, adreno640, myriad].map(createPredictor);

describe.each(predictors)('kernels apart from graphs on $name', (predictor) => {
  test.each(['mobilenet_v2', 'googlenet', 'densenet121'])(
    '%s: the descriptions give the total of the graph, also as JSON',
    (model) => {
      const graph = buildModel(model);
      const kernels = predictor.describeKernels(graph);
      const { latencyMs, kernels: reported } = predictor.predictGraph(graph);
      expect(kernels).toHaveLength(reported.length);
      expect(predictor.kernelsTotalMs(kernels)).toBe(predictor.totalMs(graph));
      expect(predictor.kernelsTotalMs(JSON.parse(JSON.stringify(kernels)))).toBe(latencyMs);
    },
  );

  test('each kernel adds what the report says of it', () => {
    const graph = buildModel('resnet18');
    const start = predictor.kernelsTotalMs([]);
    const report = predictor.predictGraph(graph);
    for (const [index, kernel] of predictor.describeKernels(graph).entries()) {
      const added = predictor.kernelsTotalMs([kernel]) - start;
      expect(added).toBeCloseTo(report.kernels[index]!.latencyMs, 9);
    }
  });
});

test('a kernel of unknown shape has no description', () => {
  const graph = createGraph({
    name: 'open',
    nodes: [
      { name: 'r', op: 'relu', attributes: {}, inputs: ['x'], outputs: ['y'], sourceOp: 'Relu' },
    ],
    tensors: [
      { name: 'x', kind: 'input', dataType: 'float32' },
      { name: 'y', kind: 'activation', dataType: 'float32' },
    ],
    inputs: ['x'],
    outputs: ['y'],
  });
  const predictor = predictors[0]!;
  expect(() => predictor.describeKernels(graph)).toThrow(/"r" reads or writes a tensor of unknown/);
});

test('a calibrated predictor has no estimates that the calibration does not reach', () => {
  const predictor = predictors[0]!;
  const graph = buildModel('resnet18');
  const latencyMs = 2 * predictor.totalMs(graph);
  const calibration = fitCalibration(predictor, [{ graph, latencyMs }]);
  const calibrated = calibratePredictor(predictor, calibration);
  expect(calibrated.totalMs(graph)).toBeCloseTo(latencyMs, 6);
  expect(calibrated).not.toHaveProperty('kernelsTotalMs');
});

describe.each(predictors)('splits on $name', (predictor) => {
  /** A split of 257 channels of 4x16 pixels, as attention with one query writes it: mobilevitv2_050 of timm. */
  const splitInto = (sizes: readonly number[]) => {
    const builder = new GraphBuilder('split');
    const channels = sizes.reduce((sum, size) => sum + size, 0);
    const parts = builder.split(builder.input('x', [1, channels, 4, 16], 'NCHW'), sizes, 1);
    return predictor.predictGraph(builder.build(...parts)).kernels[0]!;
  };

  test('which part comes first changes nothing', () => {
    const { latencyMs } = splitInto([128, 128, 1]);
    expect(splitInto([1, 128, 128]).latencyMs).toBe(latencyMs);
    expect(splitInto([128, 1, 128]).latencyMs).toBe(latencyMs);
  });

  test('only halves were measured, and on GPUs not even those', () => {
    const isGpu = predictor.name.startsWith('adreno');
    expect(splitInto([128, 128]).basis).toBe(isGpu ? 'estimated' : 'measured');
    for (const sizes of [
      [1, 128, 128],
      [64, 192],
      [64, 64, 64, 64],
    ])
      expect(splitInto(sizes).basis).toBe('estimated');
  });

  test('three parts take no longer than three times halves', () => {
    expect(splitInto([1, 128, 128]).latencyMs).toBeLessThan(3 * splitInto([128, 130]).latencyMs);
  });
});
