import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { createGraph, type Graph, type ReadOptions } from '@nnmeter/ir';
import {
  listLatencyPredictors,
  loadLatencyPredictor,
  modelFileToGraph,
  type PredictorDefinition,
} from '@nnmeter/predictor';

const fixtures = fileURLToPath(new URL('../../fixtures/onnx/', import.meta.url));
const summaries = (await listLatencyPredictors(undefined, 'full')).filter(
  (summary) => summary.package !== null,
);
const predictors = await Promise.all(summaries.map(({ name }) => loadLatencyPredictor(name)));

/** Measured on the devices, ms: resnet18_0 and mobilenetv2_0 of nn-Meter's benchmark dataset. */
const MEASURED: Record<string, Record<string, number>> = {
  resnet18: {
    cortexA76cpu_tflite21: 208.149,
    adreno640gpu_tflite21: 35.8303,
    adreno630gpu_tflite21: 47.8562,
    myriadvpu_openvino2019r2: 19.892,
  },
  mobilenet_v2: {
    cortexA76cpu_tflite21: 46.3986,
    adreno640gpu_tflite21: 10.3623,
    adreno630gpu_tflite21: 9.9664,
    myriadvpu_openvino2019r2: 22.643,
  },
};

/** Models that leave dimensions open. */
const OPTIONS: Record<string, ReadOptions> = {
  'dynamic_lstm.onnx': { inputShapes: [1, 64] },
  'dynamic_segmenter.onnx': { inputShapes: [1, 3, 64, 96] },
};

describe.each(summaries)('$name', (summary) => {
  const predictor = predictors.find(({ name }) => name === summary.name)!;

  test('its package exports the definition by default and by name', async () => {
    const plugin = await import(summary.package!);
    const definition: PredictorDefinition = plugin.default;
    expect(definition.name).toBe(summary.name);
    expect(Object.values(plugin).filter((value) => value === definition)).toHaveLength(2);
  });

  test('states how it was trained and how accurate it is', () => {
    const manifest = predictor.manifest!;
    expect(manifest.dataHash).toMatch(/^[0-9a-f]{64}$/);
    expect(manifest.models).toBeGreaterThan(10_000);
    expect(manifest.heldOut.count).toBeGreaterThan(1_000);
    expect(manifest.heldOut.within10).toBeGreaterThan(0.95);
  });

  test.each(Object.keys(MEASURED))(
    '%s from ONNX takes about as long as measured',
    async (model) => {
      const { latencyMs, coverage } = await predictor.predict(`${fixtures}${model}.onnx`);
      const measured = MEASURED[model]![predictor.name]!;
      expect(Math.abs(latencyMs / measured - 1)).toBeLessThan(0.1);
      expect(coverage).toEqual({ macs: 1, nodes: 1 });
    },
  );
});

const experimental = (await listLatencyPredictors()).filter(
  ({ status }) => status === 'experimental',
);

test.each(experimental)(
  '$name says what it is worth, and predicts in each setting',
  async (row) => {
    const { default: definitions } = await import(row.package!);
    expect(await definitions[row.name]()).toMatchObject({ name: row.name, version: row.version });
    const mobilenet = await modelFileToGraph(`${fixtures}mobilenet_v2.onnx`);
    for (const { precision, cores } of row.settings!) {
      const setting = { precision, ...(cores !== undefined && { cores }) };
      const predictor = await loadLatencyPredictor(row.name, undefined, setting);
      const { latencyMs, interval, warnings } = predictor.predictGraph(mobilenet);
      expect(latencyMs).toBeGreaterThan(predictor.device.isThroughput ? 0.01 : 1);
      expect(latencyMs).toBeLessThan(1000);
      expect(interval!.low).toBeLessThan(latencyMs);
      expect(warnings.join()).toContain(`${row.name} is experimental`);
    }
  },
);

/** Concat of many images of 28 x 28 pixels that has 256 channels in all. */
function concatOf(inputs: number): Graph {
  const shape = (channels: number): number[] => [1, 28, 28, channels];
  const part = shape(256 / inputs);
  const names = Array.from({ length: inputs }, (_, index) => `relu${index}`);
  const node = (
    type: string,
    from: string[],
    to: string[],
    input: number[][],
    output: number[],
  ) => ({
    inbounds: from,
    outbounds: to,
    attr: { type, attr: { axis: 3 }, input_shape: input, output_shape: [output] },
  });
  const relus = names.map((name) => [name, node('Relu', ['image'], ['concat'], [part], part)]);
  return readNnMeterIr({
    image: node('Placeholder', [], names, [], part),
    ...Object.fromEntries(relus),
    concat: node(
      'ConcatV2',
      names,
      [],
      names.map(() => part),
      shape(256),
    ),
  });
}

test.each(predictors.filter(({ name }) => name.startsWith('adreno')))(
  '$name: a concat costs what its bytes cost, however many tensors they come from',
  (predictor) => {
    const cost = (inputs: number): number =>
      predictor.predictGraph(concatOf(inputs)).kernels.find(({ type }) => type === 'concat')!
        .latencyMs;
    expect(cost(16) / cost(2)).toBeLessThan(1.5);
    // 800 kB at the 2 GB/s that nothing on the device falls below.
    expect(cost(16)).toBeLessThan(0.4);
  },
);

const nothing = createGraph({ name: 'nothing', nodes: [], tensors: [], inputs: [], outputs: [] });
const models = readdirSync(fixtures).filter((file) => file.endsWith('.onnx'));

describe.each(models)('%s', (model) => {
  test('every kernel costs something, and the total is their sum', async () => {
    const graph = await modelFileToGraph(fixtures + model, 'onnx', OPTIONS[model]);
    for (const predictor of predictors) {
      const { latencyMs, kernels, warnings } = predictor.predictGraph(graph);
      const sum = kernels.reduce((total, kernel) => total + kernel.latencyMs, 0);
      expect(latencyMs).toBeCloseTo(sum + predictor.totalMs(nothing), 6);
      expect(kernels.every((kernel) => kernel.latencyMs >= 0 && kernel.latencyMs < 1e4)).toBe(true);
      const silent = kernels.filter(
        ({ type, nodes, latencyMs: cost, hiddenMs }) =>
          cost === 0 &&
          hiddenMs === undefined &&
          !/^(reshape|identity|shape)(-reshape)*$/.test(type) &&
          !nodes.some((node) => warnings.join().includes(`"${node}"`)),
      );
      expect(silent).toEqual([]);
    }
  });
});
