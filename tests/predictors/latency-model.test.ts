import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import type { Graph } from '@nnmeter/ir';
import { decodeLatencyModel, decodeWeights, encodeWeights } from '@nnmeter/latency-model';
import { createPredictor, type PredictorDefinition } from '@nnmeter/predictor';
import adreno630 from '@nnmeter/predictor-adreno630';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriadVpu from '@nnmeter/predictor-myriadvpu';
import fc from 'fast-check';
import { chain } from './support/graphs.ts';

const DEFINITIONS = [cortexA76, adreno640, adreno630, myriadVpu];
const bytesOf = ({ weights }: PredictorDefinition): Uint8Array =>
  new Uint8Array(Buffer.from(weights, 'base64'));
const cases = DEFINITIONS.map((definition) => [definition.name, definition] as const);

interface Conv {
  type?: 'Conv2D' | 'DepthwiseConv2dNative';
  height: number;
  width?: number;
  channels: number;
  filters?: number;
  window?: number;
  batch?: number;
}

function convolution({
  type = 'Conv2D',
  height,
  width = height,
  channels,
  filters = channels,
  window = 1,
  batch = 1,
}: Conv): Graph {
  const weights =
    type === 'Conv2D' ? [window, window, channels, filters] : [window, window, channels, 1];
  return readNnMeterIr(
    chain({
      conv: {
        type,
        in: [batch, height, width, channels],
        out: [batch, height, width, filters],
        attr: {
          kernel_shape: [window, window],
          weight_shape: weights,
          strides: [1, 1],
          padding: 'SAME',
        },
      },
    }),
  );
}

describe('weights', () => {
  test.each(cases)('%s: small, and written back byte for byte', (_, definition) => {
    const bytes = bytesOf(definition);
    expect(bytes.length).toBeLessThan(300_000);
    expect(encodeWeights(decodeWeights(bytes))).toEqual(bytes);
  });

  test('any flipped bit or cut is E_WEIGHTS', () => {
    const bytes = bytesOf(adreno640);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), fc.boolean(), (at, bit, cut) => {
        const damaged = cut ? bytes.slice(0, at) : bytes.slice();
        if (!cut) damaged[at]! ^= 1 << bit;
        expect(() => decodeLatencyModel(damaged)).toThrow(
          expect.objectContaining({ code: 'E_WEIGHTS' }),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('another version says so', () => {
    const bytes = bytesOf(adreno640);
    bytes[4] = 9;
    expect(() => decodeLatencyModel(bytes)).toThrow('format version 9');
  });
});

/** Single ops measured on the devices by the authors of nn-Meter, ms (their fusion tests, 28 x 28 x 16 images). */
const SINGLE_OPS = [
  [cortexA76, 'Relu', 0.0026],
  [cortexA76, 'MaxPool', 0.0236],
  [cortexA76, 'AvgPool', 0.0236],
  [adreno640, 'AvgPool', 0.0051],
  [adreno640, 'Relu', 0.005],
  [myriadVpu, 'AvgPool', 0.013],
  [myriadVpu, 'Relu', 0.029],
] as const;

test.each(SINGLE_OPS.map(([definition, op, ms]) => [definition.name, op, ms, definition] as const))(
  '%s: %s alone takes about %d ms, as measured',
  (_, op, ms, definition) => {
    const image = [1, 28, 28, 16];
    const graph = readNnMeterIr(
      chain({
        op: op.endsWith('Pool')
          ? {
              type: op,
              in: image,
              out: [1, 14, 14, 16],
              attr: { ksize: [2, 2], strides: [2, 2], padding: 'VALID' },
            }
          : { type: op, in: image, out: image },
      }),
    );
    const { latencyMs } = createPredictor(definition).predictGraph(graph).kernels[0]!;
    expect(latencyMs).toBeGreaterThan(0.5 * ms);
    expect(latencyMs).toBeLessThan(2 * ms);
  },
);

describe.each(cases)('%s beyond the training data', (_, definition) => {
  const predictor = createPredictor(definition);
  const kernelMs = (conv: Conv): number =>
    predictor.predictGraph(convolution(conv)).kernels[0]!.latencyMs;

  test('is positive, finite and grows with the image', () => {
    for (const type of ['Conv2D', 'DepthwiseConv2dNative'] as const) {
      for (const window of [1, 3, 5]) {
        for (const channels of [16, 256, 4096]) {
          let smaller = 0;
          for (const height of [32, 128, 512, 1024]) {
            const latencyMs = kernelMs({ type, height, channels, window });
            expect(latencyMs).toBeLessThan(Infinity);
            expect(latencyMs).toBeGreaterThan(smaller);
            smaller = latencyMs;
          }
        }
      }
    }
  });

  test('never beats 2 TMAC/s', () => {
    for (const channels of [64, 1024]) {
      const macs = 56 * 56 * channels * channels * 9;
      expect(kernelMs({ height: 56, channels, window: 3 })).toBeGreaterThan(macs / 2e9);
    }
  });

  test('says what is outside', () => {
    const outside = (conv: Conv): readonly string[] =>
      predictor.predictGraph(convolution(conv)).extrapolation;
    expect(outside({ height: 56, channels: 64, window: 3 })).toEqual([]);
    expect(outside({ height: 300, channels: 64 })).toEqual(['resolution']);
    expect(outside({ height: 56, width: 28, channels: 64 })).toEqual(['non-square']);
    expect(outside({ height: 14, channels: 16_000 })).toEqual(['channels']);
    expect(outside({ height: 56, channels: 64, batch: 4 })).toEqual(['batch']);
  });

  test('the interval is wider there', () => {
    const relativeWidth = (conv: Conv): number => {
      const { interval, latencyMs } = predictor.predictGraph(convolution(conv));
      expect(interval!.level).toBe(0.9);
      return (interval!.high - interval!.low) / latencyMs;
    };
    expect(relativeWidth({ height: 301, channels: 64, window: 3 })).toBeGreaterThan(
      relativeWidth({ height: 56, channels: 64, window: 3 }),
    );
  });
});

test.each([adreno640, adreno630].map((definition) => [definition.name, definition] as const))(
  '%s: a fully connected layer beyond the measured ones takes its memory time',
  (_, definition) => {
    const ms = (inputs: number, outputs: number): number =>
      createPredictor(definition).predictGraph(
        readNnMeterIr(
          chain({ fc: { type: 'MatMul', in: [1, inputs], out: [1, outputs], attr: {} } }),
        ),
      ).kernels[0]!.latencyMs;
    expect(ms(428, 428)).toBeGreaterThan(0.015);
    expect(ms(428, 428)).toBeLessThan(0.05);
    expect(ms(25088, 4096)).toBeGreaterThan(1);
  },
);

test.each(cases)(
  '%s: tokens cost about what an image of as many elements costs',
  (_, definition) => {
    const predictor = createPredictor(definition);
    const relu = (shape: number[]): number =>
      predictor.totalMs(
        readNnMeterIr(chain({ relu: { type: 'Relu', in: shape, out: shape, attr: {} } })),
      );
    const image = relu([1, 56, 56, 128]);
    for (const tokens of [
      [196, 1, 2048],
      [1, 196, 2048],
      [196, 2048],
    ]) {
      expect(relu(tokens) / image).toBeLessThan(2.5);
      expect(relu(tokens) / image).toBeGreaterThan(0.4);
    }
  },
);

test('a remembered kernel gets the same answer as a fresh one', () => {
  const graph = convolution({ height: 56, channels: 64, window: 3 });
  const predictor = createPredictor(cortexA76);
  predictor.predictGraph(graph);
  expect(predictor.predictGraph(graph)).toEqual(createPredictor(cortexA76).predictGraph(graph));
});
