import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { readOnnxFile } from '@nnmeter/frontend-onnx';
import { elementCount } from '@nnmeter/ir';
import { buildDatasetModel, buildModel } from '@nnmeter/zoo';
import onnxruntime from 'onnxruntime-web';

onnxruntime.env.wasm.numThreads = 1;

/** Shapes of what ONNX Runtime computes from a black image. */
async function run(model: Uint8Array, input: string): Promise<(readonly number[])[]> {
  const session = await onnxruntime.InferenceSession.create(model, {
    executionProviders: ['wasm'],
  });
  const pixels = new Float32Array(3 * 224 * 224);
  const image = new onnxruntime.Tensor('float32', pixels, [1, 3, 224, 224]);
  return Object.values(await session.run({ [input]: image })).map(({ dims }) => dims);
}

test.each(['squeezenet1_1', 'mobilenet_v3_small', 'shufflenet_v2_x0_5', 'swin_t'])(
  'ONNX Runtime runs %s',
  async (name) => {
    expect(await run(graphToOnnx(buildModel(name)), 'input')).toEqual([[1, 1000]]);
  },
);

test.each(['mobilenetv3large', 'shufflenetv2'])(
  'ONNX Runtime runs the %s of the benchmark, which had channels last',
  async (family) => {
    expect(await run(graphToOnnx(buildDatasetModel(family)), 'input_im_0')).toEqual([[1, 1000]]);
  },
);

/** Results for zeros. */
async function runFixture(name: string): Promise<(readonly number[])[]> {
  const graph = await readOnnxFile(
    fileURLToPath(new URL(`../fixtures/${name}.onnx`, import.meta.url)),
  );
  const session = await onnxruntime.InferenceSession.create(graphToOnnx(graph), {
    executionProviders: ['wasm'],
  });
  const feeds = Object.fromEntries(
    graph.inputs.map((input) => {
      const { shape = [], dataType } = graph.tensor(input);
      const zeros =
        dataType === 'int32' ? new Int32Array(1) : new Float32Array(elementCount(shape));
      return [input, new onnxruntime.Tensor(dataType as 'float32' | 'int32', zeros, shape)];
    }),
  );
  return Object.values(await session.run(feeds)).map(({ dims }) => dims);
}

test.each([
  ['lstm', [20, 2, 2, 4]],
  ['gru', [1, 1, 4]],
  ['rnn', [20, 1, 1, 4]],
  ['qlinear', [1, 10]],
  ['integer', [1, 10]],
])('ONNX Runtime runs what is written for %s', async (name, shape) => {
  expect((await runFixture(name))[0]).toEqual(shape);
});
