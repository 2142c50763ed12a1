import { describe, expect, test } from '@jest/globals';
import { type Graph, readNnMeterIr } from '@nnmeter/ir';
import {
  calibratePredictor,
  createPredictor,
  factorOf,
  fitCalibration,
  fitFactors,
} from '@nnmeter/predictor';
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
  expect(calibration).toMatchObject({ scale: 2, corrections: {}, measurements: 1 });
  const calibrated = calibratePredictor(predictor, calibration);
  const report = calibrated.predictGraph(graphs[5]!);
  expect(report.latencyMs).toBeCloseTo(2 * latencyOf(graphs[5]!), 6);
  expect(report.interval!.low).toBeLessThan(report.latencyMs);
  expect(calibrated.estimateTotal(graphs[5]!)).toBe(report.latencyMs);
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

test('factors stay positive whatever the measurements', () => {
  const factors = fitFactors(
    [10, 10, 10],
    [new Map([['conv', 10]]), new Map([['conv', 5]]), new Map([['fc', 10]])],
    [0.1, 8, 40],
  );
  for (const group of ['conv', 'fc', 'unknown'])
    expect(factorOf(factors, [group])).toBeGreaterThan(0);
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
