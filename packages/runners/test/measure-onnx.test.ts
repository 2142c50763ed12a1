import { describe, expect, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { GraphBuilder } from '@nnmeter/ir';
import { type Clock, measureOnnx, type OnnxRuntime } from '@nnmeter/runners/onnxruntime';
import onnxruntime from 'onnxruntime-web';

const builder = new GraphBuilder('tiny');
const image = builder.input('image', [1, 3, 4, 4]);
const MODEL = graphToOnnx(builder.build(builder.relu(image)));

/** A runtime whose runs take given times of a clock; the last time goes on. */
function makeRuntime(wallMs: readonly number[], cpuMs: readonly number[] = wallMs) {
  let [wall, cpu, runs, released] = [0, 0, 0, 0];
  const fed: unknown[] = [];
  class Tensor {
    constructor(
      readonly type: string,
      readonly data: Float32Array,
      readonly shape: readonly number[],
    ) {}
  }
  const runtime: OnnxRuntime = {
    Tensor: Tensor as OnnxRuntime['Tensor'],
    InferenceSession: {
      create: async () => ({
        run: async (feeds: Readonly<Record<string, unknown>>) => {
          fed.push(feeds);
          wall += wallMs[Math.min(runs, wallMs.length - 1)]!;
          cpu += cpuMs[Math.min(runs, cpuMs.length - 1)]!;
          runs++;
        },
        endProfiling: () => {},
        release: async () => {
          released++;
        },
      }),
    },
  };
  const clock = (stepMs: number): Clock => ({ stepMs, wallMs: () => wall, cpuMs: () => cpu });
  return { runtime, clock, fed, counts: () => ({ runs, released }) };
}

const options = { runs: 3, warmups: 2, threads: 1, executionProvider: 'wasm' };

test('minimum and median of processor time, and the wall beside; warm-ups do not count', async () => {
  const { runtime, clock, counts } = makeRuntime([1, 1, 9, 7, 8], [1, 1, 6, 5, 3]);
  expect(await measureOnnx(runtime, MODEL, options, clock(0.001))).toEqual({
    ms: 3,
    medianMs: 5,
    wallMs: 7,
    runs: 3,
  });
  expect(counts()).toEqual({ runs: 5, released: 1 });
});

test('wall time with more threads, whose processor time is another', async () => {
  const { runtime, clock } = makeRuntime([1, 1, 9, 7, 8], [1, 1, 60, 50, 30]);
  expect(await measureOnnx(runtime, MODEL, { ...options, threads: 4 }, clock(0.001))).toEqual({
    ms: 7,
    medianMs: 8,
    runs: 3,
  });
});

test('runs that are short for the clock are timed many at a time', async () => {
  const { runtime, clock, counts } = makeRuntime([0.5]);
  // Of a browser: a sample lasts 50 steps at least.
  expect((await measureOnnx(runtime, MODEL, options, clock(0.1))).ms).toBeCloseTo(0.5, 12);
  expect(counts().runs).toBe(2 + 3 * 10);
});

test('where the clock is coarse, there are fewer samples of more runs', async () => {
  const { runtime, clock, counts } = makeRuntime([2]);
  const result = await measureOnnx(runtime, MODEL, { ...options, runs: 30 }, clock(1));
  expect(result.runs).toBe(10);
  expect(counts().runs).toBe(2 + 10 * 25);
});

test('what the model asks for is fed, and never zeros alone', async () => {
  const { runtime, clock, fed } = makeRuntime([1]);
  await measureOnnx(runtime, MODEL, options, clock(0.001));
  const [{ image: tensor }] = fed as [
    { image: { type: string; data: Float32Array; shape: number[] } },
  ];
  expect(tensor).toMatchObject({ type: 'float32', shape: [1, 3, 4, 4] });
  expect(tensor.data).toHaveLength(48);
  expect(tensor.data.every((value) => value > 0 && value < 1)).toBe(true);
});

test('the module of browsers measures in this process', async () => {
  onnxruntime.env.wasm.numThreads = 1;
  const clock: Clock = { stepMs: 0.005, wallMs: () => performance.now() };
  const result = await measureOnnx(onnxruntime, MODEL, options, clock);
  expect(result.runs).toBe(3);
  expect(result.ms).toBeGreaterThan(0);
  expect(result.wallMs).toBeUndefined();
});

describe('what cannot be', () => {
  test.each([
    [[1, 1, 1, 1, 0], /0 ms is no latency/],
    [[1, 1, 1, Number.NaN, 1], /NaN ms is no latency/],
    [[1, 1, 1, -2, 1], /-2 ms is no latency/],
    [
      [1, 1, 0.01, 20, 30],
      /took 0\.0\d+ ms and 20\.?\d* ms, which differ more than a thousandfold/,
    ],
  ])('%j', async (times, message) => {
    const { runtime, clock, counts } = makeRuntime(times);
    await expect(measureOnnx(runtime, MODEL, options, clock(0.001))).rejects.toMatchObject({
      code: 'E_RUNNER',
      message: expect.stringMatching(message),
    });
    expect(counts().released).toBe(1);
  });

  test('a model whose input has no fixed shape', async () => {
    const { runtime, clock } = makeRuntime([1]);
    // Of a first extent of 1, behind which one of 3 begins: another field.
    const extent = Buffer.from([0x0a, 0x02, 0x08, 0x01, 0x0a, 0x02, 0x08, 0x03]);
    const text = Buffer.from(MODEL);
    for (let at = text.indexOf(extent); at >= 0; at = text.indexOf(extent, at + 1)) {
      text[at + 2] = 0x18;
    }
    await expect(measureOnnx(runtime, text, options, clock(0.001))).rejects.toThrow(
      'input "image" of the model has no fixed shape',
    );
  });
});
