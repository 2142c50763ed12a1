import { expect, jest, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { GraphBuilder } from '@nnmeter/ir';
import {
  type OnnxRuntime,
  type RuntimeWorker,
  serveOnnxRuntime,
  type WorkerRequest,
  workerRunner,
} from '@nnmeter/runners/onnxruntime';
import onnxruntime from 'onnxruntime-web';

const builder = new GraphBuilder('block');
const image = builder.input('image', [1, 3, 32, 32]);
const stem = builder.relu(builder.conv(image, 16, { kernel: 3, padding: 1 }));
const sum = builder.add(builder.conv(stem, 16, { kernel: 3, padding: 1 }), stem);
const graph = builder.build(builder.softmax(builder.flatten(builder.maxpool(sum, 2))));
const MODEL = { id: 'block', graph, bytes: () => graphToOnnx(graph) };
const OPTIONS = { runs: 3, warmups: 1, threads: 1, timeoutMs: 60_000, layers: true };

onnxruntime.env.wasm.numThreads = 1;
// The first session keeps the console as it is then.
jest.spyOn(console, 'warn').mockImplementation(() => {});

/** A worker that is none: what both sides post arrives after all else that waits. */
function fakeWorker(
  load: () => Promise<OnnxRuntime> = async () => onnxruntime,
): RuntimeWorker & { readonly isTerminated: boolean } {
  let isTerminated = false;
  let ask: (event: { readonly data: WorkerRequest }) => void = () => {};
  let answer: (event: { readonly data: never }) => void = () => {};
  serveOnnxRuntime(
    {
      postMessage: (data) => setImmediate(() => answer({ data: structuredClone(data) as never })),
      addEventListener: (_, listener) => {
        ask = listener;
      },
    },
    load,
  );
  return {
    get isTerminated() {
      return isTerminated;
    },
    postMessage: (data) =>
      setImmediate(() => ask({ data: structuredClone(data) as WorkerRequest })),
    addEventListener: (type: string, listener: unknown) => {
      if (type === 'message') answer = listener as typeof answer;
    },
    terminate: () => {
      isTerminated = true;
    },
  };
}

test('a worker measures models and the times of their layers, and tells its clock', async () => {
  const runner = workerRunner({ start: () => fakeWorker(), facts: { browser: 'Fake 1' } });
  expect(await runner.facts()).toMatchObject({
    ...{ runtime: 'onnxruntime-web', browser: 'Fake 1', kind: 'cpu', time: 'wall' },
    clockStepMs: expect.any(Number),
  });
  const { ms, layers } = await runner.measure(MODEL, OPTIONS);
  expect(ms).toBeGreaterThan(0);
  expect(layers!.map(({ op, nodes }) => [op, nodes])).toEqual([
    ['FusedConv', ['conv_1', 'relu_1']],
    ['FusedConv', ['conv_2', 'add_1']],
    ['MaxPool', ['maxpool_1']],
    ['Flatten', ['reshape_1']],
    ['Softmax', ['softmax_1']],
  ]);
  expect(layers!.reduce((total, layer) => total + layer.ms, 0)).toBeGreaterThan(0);
  expect((await runner.fusedNodes!(MODEL)).map(({ nodes }) => nodes)).toEqual(
    layers!.map(({ nodes }) => nodes),
  );
});

test('a worker that failed is ended, and the next model has a new one', async () => {
  const started: ReturnType<typeof fakeWorker>[] = [];
  const start = () => started[started.push(fakeWorker()) - 1]!;
  const runner = workerRunner({ start });
  const broken = { ...MODEL, id: 'broken', bytes: () => new Uint8Array([1, 2, 3]) };
  await expect(runner.measure(broken, OPTIONS)).rejects.toMatchObject({
    code: 'E_RUNNER',
    message: expect.stringMatching(/^broken: ONNX Runtime cannot load the model: /),
  });
  expect((await runner.measure(MODEL, { ...OPTIONS, layers: false })).ms).toBeGreaterThan(0);
  await expect(runner.measure(MODEL, { ...OPTIONS, timeoutMs: 0 })).rejects.toThrow(
    /took more than/,
  );
  await runner.close();
  expect(started.map(({ isTerminated }) => isTerminated)).toEqual([true, true]);
});

test('a runtime that does not load is asked for again', async () => {
  let attempts = 0;
  const load = async (): Promise<OnnxRuntime> => {
    if (attempts++ === 0) throw new Error('no network');
    return onnxruntime;
  };
  const runner = workerRunner({ start: () => fakeWorker(load) });
  await expect(runner.facts()).rejects.toThrow(/no network/);
  expect(await runner.facts()).toMatchObject({ runtime: 'onnxruntime-web' });
});

test('a clock of 100 ms is refused', async () => {
  const { now } = performance;
  performance.now = () => Math.floor(now.call(performance) / 100) * 100;
  try {
    await expect(workerRunner({ start: () => fakeWorker() }).facts()).rejects.toThrow(
      /moves in steps of 100 ms, too coarse/,
    );
  } finally {
    performance.now = now;
  }
});
