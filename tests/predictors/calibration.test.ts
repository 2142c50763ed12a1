import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { createGraph, type Graph } from '@nnmeter/ir';
import { Adapter, fitAdaptation, type KernelTime } from '@nnmeter/latency-model';
import {
  calibratePredictor,
  createPredictor,
  fitCalibration,
  mapReports,
} from '@nnmeter/predictor';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { chain } from './support/graphs.ts';

const predictor = createPredictor(cortexA76);

function network(channels: number, window: number): Graph {
  const image = [1, 56, 56, channels];
  return readNnMeterIr(
    chain({
      first: {
        type: 'Conv2D',
        in: image,
        out: image,
        attr: { kernel_shape: [window, window], strides: [1, 1], padding: 'SAME' },
      },
      relu: { type: 'Relu', in: image, out: image },
      pool: {
        type: 'MaxPool',
        in: image,
        out: [1, 28, 28, channels],
        attr: { ksize: [2, 2], strides: [2, 2], padding: 'VALID' },
      },
    }),
    { name: `net-${channels}-${window}` },
  );
}

const graphs = [1, 3, 5].flatMap((window) => [32, 64, 128].map((c) => network(c, window)));
const latencyOf = (graph: Graph): number => predictor.predictGraph(graph).latencyMs;

test('a device at half the clock is learned from one measurement', () => {
  const calibration = fitCalibration(predictor, [
    { graph: graphs[0]!, latencyMs: 2 * latencyOf(graphs[0]!) },
  ]);
  expect(calibration).toMatchObject({
    adaptation: { scale: 2, startup: 1, kinds: {} },
    measurements: 1,
  });
  const calibrated = calibratePredictor(predictor, calibration);
  const report = calibrated.predictGraph(graphs[5]!);
  expect(report.latencyMs).toBeCloseTo(2 * latencyOf(graphs[5]!), 6);
  expect(report.interval!.low).toBeLessThan(report.latencyMs);
  expect(calibrated.totalMs(graphs[5]!)).toBe(report.latencyMs);
});

test('whatever a calibrated predictor is asked, it answers by its reports', async () => {
  const measurements = [{ graph: graphs[0]!, latencyMs: 2 * latencyOf(graphs[0]!) }];
  const calibrated = calibratePredictor(predictor, fitCalibration(predictor, measurements));
  const noted = mapReports(calibrated, (report) => ({ ...report, warnings: ['calibrated'] }));
  const graph = graphs[5]!;
  const report = noted.predictGraph(graph);
  expect(report.warnings).toEqual(['calibrated']);
  expect(report.latencyMs).toBeCloseTo(2 * latencyOf(graph), 6);
  expect(await noted.predict(graph)).toEqual(report);
  expect(noted.totalMs(graph)).toBe(report.latencyMs);
});

test('the start-up cost and the kernels are the total, calibrated or not', () => {
  const graph = graphs[4]!;
  const before = predictor.predictGraph(graph);
  expect(before.startupMs).toBe(predictor.kernelsTotalMs([]));
  expect(before.startupMs).toBeGreaterThan(0);
  const half = { graph, latencyMs: before.latencyMs / 2 };
  const after = calibratePredictor(predictor, fitCalibration(predictor, [half])).predictGraph(
    graph,
  );
  expect(after.startupMs).toBeCloseTo(before.startupMs / 2, 9);
  for (const { latencyMs, startupMs, kernels } of [before, after]) {
    const sum = kernels.reduce((total, kernel) => total + kernel.latencyMs, startupMs);
    expect(sum).toBeCloseTo(latencyMs, 9);
  }
});

test('a device on which only 5x5 convolutions are slower is told apart', () => {
  const slower = (graph: Graph): number => latencyOf(graph) * (graph.name.endsWith('5') ? 1.5 : 1);
  const calibration = fitCalibration(
    predictor,
    graphs.map((graph) => ({ graph, latencyMs: slower(graph) })),
  );
  const calibrated = calibratePredictor(predictor, calibration);
  for (const graph of [network(96, 3), network(96, 5)]) {
    expect(Math.abs(calibrated.predictGraph(graph).latencyMs / slower(graph) - 1)).toBeLessThan(
      0.1,
    );
  }
  expect(calibration.rmspeAfter).toBeLessThan(calibration.rmspeBefore / 3);
});

describe('bad measurements', () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('%p ms', (latencyMs) => {
    expect(() =>
      fitCalibration(predictor, [
        { graph: graphs[0]!, latencyMs: 1 },
        { graph: graphs[1]!, latencyMs },
      ]),
    ).toThrow('measurement 2 (net-64-1)');
  });

  test('of something that is no graph, or of a model without operations', () => {
    expect(() => fitCalibration(predictor, [{ latencyMs: 1 } as never])).toThrow('1 has no graph');
    const nothing = { name: 'nothing', nodes: [], tensors: [], inputs: [], outputs: [] };
    const gpu = createPredictor(adreno640);
    expect(() => fitCalibration(gpu, [{ graph: createGraph(nothing), latencyMs: 1 }])).toThrow(
      'measurement 1 (nothing) is of a model without operations',
    );
  });

  test('none', () => {
    expect(() => fitCalibration(predictor, [])).toThrow('no measurements');
  });

  test('one that contradicts the others', () => {
    const measurements = graphs.map((graph) => ({ graph, latencyMs: latencyOf(graph) }));
    measurements[4] = { graph: graphs[4]!, latencyMs: 1000 * latencyOf(graphs[4]!) };
    expect(() => fitCalibration(predictor, measurements)).toThrow(/measurement \d+ .* contradicts/);
  });

  test('a calibration of another predictor, or something else', () => {
    const calibration = fitCalibration(predictor, [{ graph: graphs[0]!, latencyMs: 1 }]);
    for (const [other, said] of [
      [{ predictor: 'other' }, `is for other ${predictor.version}, not for cortexA76cpu_tflite21`],
      [{ predictorVersion: '0.1' }, 'is for cortexA76cpu_tflite21 0.1, not for'],
    ] as const) {
      expect(() => calibratePredictor(predictor, { ...calibration, ...other })).toThrow(said);
    }
    expect(() => calibratePredictor(predictor, {} as never)).toThrow('not a calibration');
  });
});

function kernel(kind: string, ms: number, estimatedShare = 0): KernelTime {
  return {
    configuration: { kind, kernelHeight: 3, kernelWidth: 3, outHeight: 28 },
    ms,
    estimatedShare,
  };
}

/** Fits to the true time of networks, and says how far off the next network is. */
function errorAfterFit(
  networks: readonly (readonly KernelTime[])[],
  trueMs: (kernel: KernelTime) => number,
): number {
  const models = networks.map((kernels) => ({
    startupMs: 0,
    kernels: kernels.map((each) => ({ kernel: each, uses: 1 })),
    measuredMs: kernels.reduce((total, each) => total + trueMs(each), 0),
  }));
  const [next, ...others] = models;
  const adapter = new Adapter(fitAdaptation(others));
  const adapted = next!.kernels.reduce(
    (total, { kernel: { configuration, ms, estimatedShare } }) =>
      total + adapter.kernelMs(configuration, ms, estimatedShare),
    0,
  );
  return Math.abs(adapted / next!.measuredMs - 1);
}

test('an op that was only estimated may be off by a multiple', () => {
  const networks = [20, 0.2, 0.3, 0.4, 0.25, 0.35].map((ms) => [
    kernel('conv', 10),
    kernel('channelshuffle', ms, 1),
  ]);
  const isShuffle = ({ configuration }: KernelTime): boolean =>
    configuration.kind === 'channelshuffle';
  expect(errorAfterFit(networks, (each) => each.ms * (isShuffle(each) ? 4 : 1))).toBeLessThan(0.2);
});

test('a device on which every kernel takes longer to start', () => {
  const slower = (graph: Graph): number =>
    latencyOf(graph) + 0.1 * predictor.predictGraph(graph).kernels.length;
  const measurements = graphs.map((graph) => ({ graph, latencyMs: slower(graph) }));
  const calibrated = calibratePredictor(predictor, fitCalibration(predictor, measurements));
  for (const graph of [network(24, 1), network(96, 3), network(96, 5)])
    expect(Math.abs(calibrated.totalMs(graph) / slower(graph) - 1)).toBeLessThan(0.1);
});

test('layers tell apart what totals cannot', () => {
  const networks = Array.from({ length: 12 }, (_, index) => index + 1).map((ms) => [
    { ...kernel('conv', ms), layer: { ms: 2 * ms, count: 1, networkMB: 0 } },
    { ...kernel('fc', ms), layer: { ms: 0.5 * ms, count: 1, networkMB: 0 } },
  ]);
  const models = networks.map((kernels) => ({
    startupMs: 0,
    kernels: kernels.map((each) => ({ kernel: each, uses: 1 })),
    measuredMs: kernels.reduce((total, { layer }) => total + layer.ms, 0),
  }));
  const adapter = new Adapter(fitAdaptation(models));
  const msOf = (kind: string): number => adapter.kernelMs(kernel(kind, 1).configuration, 1, 0);
  expect(msOf('conv')).toBeGreaterThan(1.7);
  expect(msOf('fc')).toBeLessThan(0.8);
});

test('kernels stay positive whatever the measurements', () => {
  const networks = [
    [kernel('conv', 10)],
    [kernel('conv', 5), kernel('fc', 5)],
    [kernel('fc', 10)],
    Array.from({ length: 50 }, () => kernel('add', 0.2)),
  ];
  for (const measured of [
    [0.1, 8, 40, 0.01],
    [40, 1e-3, 1e3, 5],
    [1e-6, 1e6, 1, 1],
  ]) {
    const models = networks.map((kernels, index) => ({
      startupMs: 0,
      kernels: kernels.map((each) => ({ kernel: each, uses: 1 })),
      measuredMs: measured[index]!,
    }));
    const adapter = new Adapter(fitAdaptation(models));
    for (const { configuration, ms } of [...networks.flat(), kernel('unknown', 1e-3)]) {
      expect(adapter.kernelMs(configuration, ms, 0)).toBeGreaterThan(0);
      expect(adapter.kernelMs(configuration, ms, 0)).toBeLessThan(Infinity);
    }
  }
});

test('operations named like members of objects are only names', () => {
  const image = [1, 56, 56, 8];
  const measurements = ['constructor', '__proto__', 'toString', 'hasOwnProperty'].map((type) => ({
    graph: readNnMeterIr(chain({ odd: { type, in: image, out: image } }), { name: type }),
    latencyMs: 1,
  }));
  const calibration = fitCalibration(predictor, measurements);
  const calibrated = calibratePredictor(predictor, JSON.parse(JSON.stringify(calibration)));
  for (const { graph } of measurements) {
    expect(calibrated.predictGraph(graph).latencyMs).toBeCloseTo(1, 1);
  }
});
