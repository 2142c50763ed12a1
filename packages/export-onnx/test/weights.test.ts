import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { RandomWeights } from '@nnmeter/export';
import { exportOnnx, graphToOnnx, writeOnnxFile } from '@nnmeter/export-onnx';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { type Graph, GraphBuilder, type NnMeterError } from '@nnmeter/ir';
import { buildDatasetModel, buildModel } from '@nnmeter/zoo';
import onnxruntime from 'onnxruntime-web';

onnxruntime.env.wasm.numThreads = 1;

const options = { executionProviders: ['wasm'] };

async function run(model: Uint8Array, shape: readonly number[]): Promise<Float32Array> {
  const session = await onnxruntime.InferenceSession.create(model, options);
  const pixels = Float32Array.from(
    { length: shape.reduce((product, side) => product * side, 1) },
    (_, at) => Math.sin(at),
  );
  const image = new onnxruntime.Tensor('float32', pixels, shape);
  const results = await session.run({ [session.inputNames[0]!]: image });
  return results[session.outputNames[0]!]!.data as Float32Array;
}

const spread = (values: Float32Array): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

test.each(['mobilenet_v2', 'shufflenet_v2_x0_5'])(
  'random weights of %s keep activations in bounds',
  async (name) => {
    const graph = buildModel(name, { inputShape: [1, 3, 64, 64] });
    const results = await run(graphToOnnx(graph, { weights: 'random' }), [1, 3, 64, 64]);
    expect(results).toHaveLength(1000);
    expect(spread(results)).toBeGreaterThan(0.01);
    expect(spread(results)).toBeLessThan(1000);
  },
);

/** The same network twice: a convolution, its image flattened, a dense layer. */
function flattening(layout: 'NCHW' | 'NHWC'): Graph {
  const builder = new GraphBuilder('net', { layout });
  const image = builder.input('image', layout === 'NCHW' ? [1, 3, 6, 5] : [1, 6, 5, 3]);
  const features = builder.relu(builder.conv(image, 4, { name: 'conv', bias: false }));
  return builder.build(builder.fc(builder.flatten(features), 7, { name: 'fc', bias: false }));
}

/** What the network computes, from the values that its constants have by name and place. */
function reference(graph: Graph, channelsLast: boolean): number[] {
  const weights = new RandomWeights(graph);
  const valuesOf = (name: string) =>
    weights.values(name, weights.roleOf(name), graph.tensor(name).shape!);
  const [filter, matrix] = [valuesOf('conv.weight'), valuesOf('fc.weight')];
  const pixel = (channel: number, place: number) => Math.sin(channel * 30 + place);
  return Array.from({ length: 7 }, (_, result) => {
    let sum = 0;
    for (let place = 0; place < 30; place++) {
      for (let channel = 0; channel < 4; channel++) {
        let value = 0;
        for (let from = 0; from < 3; from++) {
          // [out, in, 1, 1], or [1, 1, in, out].
          value +=
            pixel(from, place) * filter[channelsLast ? from * 4 + channel : channel * 3 + from]!;
        }
        const feature = channelsLast ? place * 4 + channel : channel * 30 + place;
        sum += Math.max(0, value) * matrix[result * 120 + feature]!;
      }
    }
    return sum;
  });
}

test.each(['NCHW', 'NHWC'] as const)(
  'of a network with %s the weights follow the axes of what they are multiplied with',
  async (layout) => {
    const graph = flattening(layout);
    const results = await run(graphToOnnx(graph, { weights: 'random' }), [1, 3, 6, 5]);
    const expected = reference(graph, layout === 'NHWC');
    expected.forEach((value, at) => {
      expect(results[at]).toBeCloseTo(value, 4);
    });
  },
);

test('they follow from the seed', () => {
  const graph = flattening('NCHW');
  const model = graphToOnnx(graph, { weights: 'random' });
  expect(graphToOnnx(graph, { weights: 'random', seed: 0 })).toEqual(model);
  expect(graphToOnnx(graph, { weights: 'random', seed: 1 })).not.toEqual(model);
});

test('zeros are in the file, or made when it is loaded', () => {
  const graph = buildModel('squeezenet1_1');
  expect(graphToOnnx(graph, { weights: 'zero' }).length).toBeGreaterThan(1.2e6 * 4);
  expect(graphToOnnx(graph, { weights: 'none' })).toEqual(graphToOnnx(graph));
  expect(graphToOnnx(graph).length).toBeLessThan(1e5);
});

test('batch normalization is folded on request', async () => {
  const graph = buildDatasetModel('mobilenetv1', undefined, { inputShape: [1, 32, 32, 3] });
  const model = graphToOnnx(graph, { weights: 'random', foldBatchNorm: true });
  const ops = readOnnx(model).nodes.map(({ op }) => op);
  expect(ops).not.toContain('bn');
  expect(ops.length).toBe(graph.nodes.filter(({ op }) => op !== 'bn').length);
  expect(spread(await run(model, [1, 3, 32, 32]))).toBeGreaterThan(0.001);
});

test('random weights in a file of their own are those of the model in one file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'export-onnx-'));
  try {
    const graph = buildModel('squeezenet1_1', { inputShape: [1, 3, 64, 64] });
    const path = join(folder, 'net.onnx');
    await writeOnnxFile(graph, path, { weights: 'random', external: true });
    const { externalBytes, externalParts } = exportOnnx(graph, {
      weights: 'random',
      externalFile: 'net.onnx.weights',
    });
    const weights = await readFile(`${path}.weights`);
    expect(weights.length).toBe(externalBytes);
    expect(externalParts.length).toBeGreaterThan(20);
    for (const { offset, content } of externalParts) {
      const bytes = content();
      expect(weights.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true);
    }
    const whole = Buffer.from(graphToOnnx(graph, { weights: 'random' }));
    expect(whole.includes(externalParts[3]!.content())).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('weights of more than 2 GB are refused in one file, and by themselves in another', async () => {
  const builder = new GraphBuilder('large');
  const x = builder.fc(builder.input('x', [1, 500]), 40_000);
  const graph = builder.build(builder.fc(x, 20_000));
  expect(() => graphToOnnx(graph, { weights: 'zero' })).toThrow(
    expect.objectContaining<Partial<NnMeterError>>({ code: 'E_LIMIT' }),
  );
  const folder = await mkdtemp(join(tmpdir(), 'export-onnx-'));
  try {
    const bytes = await writeOnnxFile(graph, join(folder, 'net.onnx'), { weights: 'zero' });
    expect(bytes).toBeGreaterThan(3.2e9);
    expect((await stat(join(folder, 'net.onnx.weights'))).size).toBe(bytes);
  } finally {
    await rm(folder, { recursive: true });
  }
});
