import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { readOnnx, readOnnxFile } from '@nnmeter/frontend-onnx';
import { type Graph, NnMeterError } from '@nnmeter/ir';
import { listLatencyPredictors, loadLatencyPredictor } from '@nnmeter/predictor';

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}/`, import.meta.url));
const filesIn = (path: string): string[] =>
  readdirSync(folder(path))
    .filter((file) => file.endsWith('.onnx'))
    .map((file) => `${folder(path)}${file}`);

/** Latency by predictor. */
async function latencies(graph: Graph): Promise<number[]> {
  const predictors = await listLatencyPredictors(undefined, 'full');
  const loaded = await Promise.all(predictors.map(({ name }) => loadLatencyPredictor(name)));
  return loaded.map((predictor) => predictor.totalMs(graph));
}

test.each(filesIn('packages/export-onnx/fixtures'))(
  '%s takes as long when it is exported',
  async (file) => {
    const graph = await readOnnxFile(file);
    const again = readOnnx(graphToOnnx(graph));
    expect(await latencies(again)).toEqual(await latencies(graph));
    expect(again.nodes.map(({ op, sourceOp }) => [op, sourceOp])).toEqual(
      graph.nodes.map(({ op, sourceOp }) => [op, sourceOp]),
    );
  },
);

const REAL = filesIn('fixtures/onnx').filter((file) => !/dynamic_|ops-opset/.test(file));

test.each(REAL)('%s takes as long when it is exported, or is refused', async (file) => {
  const graph = await readOnnxFile(file);
  let model: Uint8Array;
  try {
    model = graphToOnnx(graph);
  } catch (error) {
    expect(error).toBeInstanceOf(NnMeterError);
    expect(error).toMatchObject({
      code: expect.stringMatching(/^E_(UNSUPPORTED_OP|SHAPE)$/),
      where: { node: expect.any(String) },
    });
    return;
  }
  expect(await latencies(readOnnx(model))).toEqual(await latencies(graph));
});
