import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exportOnnx } from '@nnmeter/export-onnx';
import { type Graph, GraphBuilder, withInputShapes } from '@nnmeter/ir';
import {
  createPredictor,
  openVariable,
  type SweepPoint,
  sweep,
  sweepValues,
  variablesOf,
} from '@nnmeter/predictor';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';
import { hasShared, sharedPath } from '../support/shared.ts';
import { testIf } from '../support/test-if.ts';

const predictors = [cortexA76, adreno640].map((definition) => createPredictor(definition));
const [cpu] = predictors as [(typeof predictors)[0]];
const onnxFixture = (name: string): string =>
  join(import.meta.dirname, '../../fixtures/onnx', `${name}.onnx`);

function shapesOf(graph: Graph): Record<string, string> {
  return Object.fromEntries(
    [...graph.tensors.values()].map(({ name, shape }) => [name, String(shape)]),
  );
}

async function pointsOf(points: AsyncIterable<SweepPoint>): Promise<SweepPoint[]> {
  const found: SweepPoint[] = [];
  for await (const point of points) found.push(point);
  return found;
}

const ms = (point: SweepPoint): readonly number[] =>
  'error' in point ? [] : point.reports.map(({ latencyMs }) => latencyMs);
const problem = (point: SweepPoint): string => ('error' in point ? point.error.message : '');

describe('a graph inferred anew is the network built for that input', () => {
  const inputs = [
    [1, 3, 160, 160],
    [1, 3, 256, 320],
    [4, 3, 224, 224],
  ];
  const networks = ['mobilenet_v3_small', 'shufflenet_v2_x0_5', 'regnet_y_400mf', 'densenet121'];
  test.each(networks)('%s', (name) => {
    for (const inputShape of inputs) {
      const anew = withInputShapes(buildModel(name), { input: inputShape });
      expect(shapesOf(anew)).toEqual(shapesOf(buildModel(name, { inputShape })));
    }
  });

  test('swin_t in batches, whose windows are a part of the batch', () => {
    const anew = withInputShapes(buildModel('swin_t'), { input: [3, 3, 224, 224] });
    expect(shapesOf(anew)).toEqual(
      shapesOf(buildModel('swin_t', { inputShape: [3, 3, 224, 224] })),
    );
  });

  test.each([
    ['swin_t', /features.1.0/],
    ['vit_b_32', /Add_1/],
    ['vgg11', /classifier\/Gemm_1/],
  ])('%s of another resolution is an error', (name, node) => {
    expect(() => withInputShapes(buildModel(name), { input: [1, 3, 448, 448] })).toThrow(node);
  });
});

describe('sweeps', () => {
  test.each(['mobilenet_v2', 'resnet18', 'squeezenet1_1'])(
    'the file of %s at other resolutions is as the network built for them',
    async (name) => {
      const model = await openVariable(onnxFixture(name));
      const points = await pointsOf(sweep(model, 'resolution', [160, 256], predictors));
      expect(points.map(ms)).toEqual(
        [160, 256].map((side) => {
          const built = buildModel(name, { inputShape: [1, 3, side, side] });
          return predictors.map((predictor) => expect.closeTo(predictor.totalMs(built), 6));
        }),
      );
    },
  );

  const shared = testIf(hasShared, '../shared absent');
  shared('so are files of networks that nothing here was made for', async () => {
    for (const name of ['regnet_x_400mf', 'densenet169', 'efficientnet_b1', 'mnasnet0_75']) {
      const model = await openVariable(sharedPath(`models/onnx/${name}.onnx`));
      for (const side of [160, 256]) {
        const read = await model.at({ name: 'resolution', value: side });
        const built = buildModel(name, { inputShape: [1, 3, side, side] });
        expect(cpu.totalMs(read)).toBeCloseTo(cpu.totalMs(built), 6);
      }
    }
  });

  test('what a model cannot be is an error beside the other values', async () => {
    const model = await openVariable(exportOnnx(buildModel('alexnet')).model);
    const points = await pointsOf(sweep(model, 'resolution', [32, 224, 448], [cpu]));
    expect(points.map(({ value }) => value)).toEqual([32, 224, 448]);
    expect(problem(points[0]!)).toMatch(/does not fit an input of/);
    expect(ms(points[1]!)).toEqual([cpu.totalMs(model.graph)]);
    expect(problem(points[2]!)).toMatch(/matmul of \[1, 43264\] by \[9216, 4096\]/);
  });

  test('an image that a reshape takes for a batch is an error', async () => {
    const b = new GraphBuilder('lenet');
    const x = b.maxpool(b.conv(b.input('image', [1, 3, 32, 32]), 8), 4, { stride: 4 });
    const graph = b.build(b.fc(b.reshape(x, [-1, 512]), 10, { name: 'classes' }));
    const anew = await openVariable(graph);
    await expect(anew.at({ name: 'resolution', value: 64 })).rejects.toThrow(
      /inner extents differ/,
    );
    const file = exportOnnx(graph).model;
    const text = Buffer.from(file).toString('latin1');
    // The target [1, 512] of the reshape, as view(-1, 512) writes it.
    const target = Buffer.alloc(16);
    target.writeBigInt64LE(1n, 0);
    target.writeBigInt64LE(512n, 8);
    const at = text.indexOf(target.toString('latin1'));
    expect(at).toBeGreaterThan(0);
    file.fill(0xff, at, at + 8);
    const model = await openVariable(file);
    expect(model.graph.tensor('classes').shape).toEqual([1, 10]);
    await expect(model.at({ name: 'resolution', value: 64 })).rejects.toThrow(
      /output "classes" would be \[4, 10\] for a batch of 1/,
    );
  });

  test('a named dimension needs no shape', async () => {
    const open = { length: 8 };
    const model = await openVariable(onnxFixture('dynamic_lstm'), undefined, {}, open);
    expect(variablesOf(model.graph)).toContainEqual({ name: 'length', value: 8 });
    const points = await pointsOf(sweep(model, 'length', [8, 16, 32], [cpu]));
    const [short, , long] = points.map((point) => ms(point)[0]!);
    expect(long).toBeGreaterThan(short!);
    const whole = await openVariable(onnxFixture('dynamic_lstm'), undefined, {
      inputShapes: { input: [1, 32] },
    });
    expect(long).toBe(cpu.totalMs(whole.graph));
  });

  test('of all dimensions by name, resolution and batch as well', async () => {
    const path = onnxFixture('dynamic_segmenter');
    const dimensions = { batch: 1, height: 64, width: 64 };
    const model = await openVariable(path, undefined, { dimensions });
    for (const [name, inputShape] of [
      ['resolution', [1, 3, 96, 96]],
      ['batch', [96, 3, 64, 64]],
      ['height', [1, 3, 96, 64]],
    ] as const) {
      const { graph } = await openVariable(path, undefined, { inputShapes: inputShape });
      expect(shapesOf(await model.at({ name, value: 96 }))).toEqual(shapesOf(graph));
    }
  });

  test('of named dimensions where shapes were given, if they say as much', async () => {
    const path = onnxFixture('dynamic_lstm');
    const opened = (inputShapes: readonly number[]) =>
      openVariable(path, undefined, { inputShapes });
    const short = await opened([2, 8]);
    const long = await (await opened([2, 32])).at({ name: 'length', value: 8 });
    expect(shapesOf(long)).toEqual(shapesOf(short.graph));
    expect(long.warnings).toEqual(short.graph.warnings);
  });

  test('a shape that says otherwise of a dimension that is given too is an error', async () => {
    const options = { inputShapes: [1, 32], dimensions: { length: 8 } };
    await expect(openVariable(onnxFixture('dynamic_lstm'), undefined, options)).rejects.toThrow(
      /has 32 where its dimension "length" is to be 8/,
    );
  });

  test('of a batch and of channels', async () => {
    const model = await openVariable('mobilenet_v2', 'torchvision');
    const [one, four] = await pointsOf(sweep(model, 'batch', [1, 4], [cpu]));
    expect(ms(one!)).toEqual([cpu.totalMs(model.graph)]);
    expect(ms(four!)).toEqual([
      cpu.totalMs(buildModel('mobilenet_v2', { inputShape: [4, 3, 224, 224] })),
    ]);
    const widths = await pointsOf(sweep(model, 'channels', [0.5, 1, 1.5], [cpu]));
    const [half, whole, more] = widths.map((point) => ms(point)[0]!);
    expect(whole).toBe(cpu.totalMs(model.graph));
    expect(half).toBeLessThan(whole!);
    expect(more).toBeGreaterThan(whole!);
  });

  test('a variable that the model lacks, or a value that is none, is an error before anything is read', async () => {
    const model = await openVariable('resnet18', 'torchvision');
    await expect(pointsOf(sweep(model, 'resolutoin', [1], []))).rejects.toThrow(
      /has no "resolutoin" to vary, but resolution, batch, channels.*did you mean "resolution"/,
    );
    for (const value of [0, -1, 1.5, Number.NaN])
      await expect(pointsOf(sweep(model, 'batch', [value], []))).rejects.toThrow(
        /no value for batch/,
      );
    const path = onnxFixture('dynamic_lstm');
    await expect(openVariable(path, undefined, {}, { sequence: 3 })).rejects.toThrow(/"length"/);
  });

  test('ranges', () => {
    expect(sweepValues('resolution', 32, 1024)).toEqual(
      Array.from({ length: 32 }, (_, index) => 32 * (index + 1)),
    );
    expect(sweepValues('batch', 1, 4)).toEqual([1, 2, 3, 4]);
    expect(sweepValues('channels', 0.5, 1, 0.25)).toEqual([0.5, 0.75, 1]);
    expect(sweepValues('channels', 0.1, 0.3, 0.1)).toEqual([0.1, 0.2, 0.3]);
    for (const [from, to, step] of [
      [0, 4],
      [4, 1],
      [1, 4, 0],
      [1.5, 4],
      [1, 1e6, 1],
      [1, Number.POSITIVE_INFINITY],
    ] as [number, number, number?][])
      expect(() => sweepValues('batch', from, to, step)).toThrow(/no range of|are the most/);
  });
});
