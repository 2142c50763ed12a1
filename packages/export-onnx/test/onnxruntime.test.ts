import { expect, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
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
