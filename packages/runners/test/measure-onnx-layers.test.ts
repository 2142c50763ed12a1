import { expect, jest, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { GraphBuilder } from '@nnmeter/ir';
import { measureOnnxLayers } from '@nnmeter/runners/onnxruntime';
import onnxruntime from 'onnxruntime-web';

const builder = new GraphBuilder('block');
const image = builder.input('image', [1, 3, 32, 32]);
const stem = builder.relu(builder.conv(image, 16, { kernel: 3, padding: 1 }));
const sum = builder.add(builder.conv(stem, 16, { kernel: 3, padding: 1 }), stem);
const graph = builder.build(builder.softmax(builder.flatten(builder.maxpool(sum, 2))));

const OPTIONS = { runs: 3, warmups: 1, threads: 1, executionProvider: 'wasm' };

test('onnxruntime-web tells the times of layers on the console', async () => {
  const printed: string[] = [];
  // The first session keeps the console as it is then.
  jest.spyOn(console, 'log').mockImplementation((text: string) => {
    printed.push(`${text}\n`);
  });
  onnxruntime.env.wasm.numThreads = 1;
  const layers = await measureOnnxLayers(
    onnxruntime,
    graphToOnnx(graph),
    graph,
    OPTIONS,
    // Other things may be printed before and behind.
    () => `[a remark]\n${printed.splice(0).join('')}the end\n`,
  );
  expect(layers.map(({ op, nodes }) => [op, nodes])).toEqual([
    ['FusedConv', ['conv_1', 'relu_1']],
    ['FusedConv', ['conv_2', 'add_1']],
    ['MaxPool', ['maxpool_1']],
    ['Flatten', ['reshape_1']],
    ['Softmax', ['softmax_1']],
  ]);
  expect(layers.every(({ ms }) => ms >= 0)).toBe(true);
  expect(layers.reduce((total, { ms }) => total + ms, 0)).toBeGreaterThan(0);

  await expect(
    measureOnnxLayers(onnxruntime, graphToOnnx(graph), graph, OPTIONS, () => ''),
  ).rejects.toMatchObject({
    code: 'E_RUNNER',
    message: 'what ONNX Runtime wrote as a profile is none',
  });
});
