import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, GraphBuilder } from '@nnmeter/ir';
import { decodeWeights, encodeWeights, KernelModel, KIND } from '@nnmeter/latency-model';
import { createPredictor, type PredictorDefinition } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import {
  type DeviceData,
  type DeviceFolder,
  learnAndRecord,
  learnDevice,
  predictAll,
} from '@nnmeter/training';
import { readDevice, readMeasuredModels } from '@nnmeter/training/node';

const PREDICTORS = join(import.meta.dirname, '../../../predictors');
const KNOWN = decodeWeights(Buffer.from(cortexA76.weights, 'base64'));
/** ns per multiply-accumulate of the loops of grouped convolutions, and times as much per pixel of the window. */
const LOOP_NS = 1.1;
const PIXEL = 2;

const folder = mkdtempSync(join(tmpdir(), 'nnmeter-learn-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Networks of plain, depthwise and, every third, grouped convolutions, and what the latter multiply. */
function network(index: number): { graph: Graph; loopMs: number } {
  const builder = new GraphBuilder(`net_${index}`);
  let loopNs = 0;
  let x = builder.input('image', [1, 3, 96, 96]);
  for (let stage = 0; stage < 3; stage++) {
    const channels = 16 * (1 + ((index * 5 + stage * 3) % 9)) * (stage + 1);
    x = builder.relu(builder.conv(x, channels, { kernel: 3, stride: 2, padding: 1 }));
    x = builder.relu(builder.conv(x, channels, { kernel: 3, padding: 1, groups: channels }));
    if (index % 3 === 0) {
      const groups = [4, 8, 16][(index / 3) % 3]!;
      x = builder.conv(x, channels, { kernel: 3, padding: 1, groups });
      const pixels = (96 >> (stage + 1)) ** 2;
      loopNs += LOOP_NS * pixels * channels * 9 * (channels / groups + PIXEL);
    }
    x = builder.conv(x, 2 * channels);
  }
  return {
    graph: builder.build(builder.fc(builder.flatten(builder.gap(x)), 100)),
    loopMs: loopNs / 1e6,
  };
}

/** Latency without grouped convolutions on a device whose depthwise convolutions are twice as slow as all else. */
function otherDeviceMs(graph: Graph): number {
  const { kernels, startupMs } = createPredictor(cortexA76).predictGraph(graph);
  return kernels.reduce((sum, { configuration, latencyMs }) => {
    const { groups = 1, channels = 1 } = configuration!;
    if (groups > 1 && groups < channels) return sum;
    return sum + (groups === channels && channels > 1 ? 0.6 : 0.3) * latencyMs;
  }, 0.3 * startupMs);
}

let data: DeviceData;
let ids: readonly string[];
const loops = new Map<string, number>();

beforeAll(async () => {
  const lines = Array.from({ length: 36 }, (_, index) => {
    const { graph, loopMs } = network(index);
    const id = `net${'abcdef'[index % 6]}_${index}`;
    loops.set(id, loopMs);
    const json = JSON.parse(JSON.stringify(writeNnMeterIr(graph)));
    const ms = otherDeviceMs(readNnMeterIr(json, { name: id })) + loopMs;
    return JSON.stringify({ id, [cortexA76.name]: ms, graph: json });
  });
  writeFileSync(join(folder, 'nets.jsonl'), lines.join('\n'));
  const device: DeviceFolder = await readDevice(join(PREDICTORS, 'cortexa76'));
  const read = await readMeasuredModels(folder, [device]);
  data = read.devices[0]!;
  ids = read.ids;
});

describe('a device that differs by kind, and runs grouped convolutions in loops', () => {
  test('is predicted within 3 % where it was not measured', () => {
    const isSeen = (model: number): boolean => model < 27;
    const { weights, adaptation } = learnDevice(data, KNOWN, isSeen);
    const { predicted } = predictAll(data, weights, adaptation);
    for (let model = 27; model < 36; model++)
      expect(Math.abs(predicted[model]! / data.measured[model]! - 1)).toBeLessThan(0.03);
    const { macMs, windowMs } = adaptation.kinds['grouped conv']!.loops!;
    expect(macMs * 1e6).toBeCloseTo(LOOP_NS, 0);
    expect(windowMs).toBeGreaterThan(0);
  });

  test('the plugin predicts what training predicts', () => {
    const { weights, adaptation } = learnDevice(data, KNOWN, () => true);
    const definition: PredictorDefinition = {
      ...cortexA76,
      weights: Buffer.from(encodeWeights(weights)).toString('base64'),
      adaptation: JSON.parse(JSON.stringify(adaptation)),
    };
    const { predicted } = predictAll(data, weights, adaptation);
    const lines = readFileSync(join(folder, 'nets.jsonl'), 'utf8')
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const model of [0, 1, 35]) {
      const graph = readNnMeterIr(lines[model].graph, { name: ids[model]! });
      const { latencyMs, kernels } = createPredictor(definition).predictGraph(graph);
      expect(latencyMs / predicted[model]!).toBeCloseTo(1, 9);
      const grouped = kernels.find(
        ({ configuration: c }) => c!.groups! > 1 && c!.groups! < c!.channels!,
      );
      expect(grouped?.basis ?? 'measured').toBe('measured');
    }
  });

  test('the record covers every network, and the interval what its families did not see', () => {
    const families = ids.map((id) => id.slice(0, 4));
    const { record, adaptation } = learnAndRecord(data, KNOWN, {
      ids,
      families,
      isComplete: false,
    });
    expect(record.networks).toBe(36);
    expect(Object.values(record.unseenFamilies!).map(({ count }) => count)).toEqual(
      Array(6).fill(6),
    );
    expect(record.unseen.within10).toBeGreaterThan(0.95);
    expect(record.intervalCoverage.crossChecked).toBeGreaterThanOrEqual(0.9);
    expect(adaptation.interval).toMatchObject({ level: 0.9 });
  });

  test('nothing measured is one error', () => {
    expect(() => learnDevice(data, KNOWN, () => false)).toThrow(/no model to learn from/);
  });
});

const PHONES = join(import.meta.dirname, '../../../../shared/devices/phones.jsonl.gz');
const testEachPhone = existsSync(PHONES) ? test.each : test.skip.each;

testEachPhone([
  ['cortexa76', 'pixel4_1large_tflite_fp32', 0.1],
  ['adreno640', 'mi8se_gpu_tflite_fp16', 0.15],
])('ResNets, from all other families: %s as %s', async (folder, column, greatest) => {
  const known = decodeWeights(readFileSync(join(PREDICTORS, folder, 'weights.bin')));
  const device = await readDevice(join(PREDICTORS, folder));
  const { ids, devices } = await readMeasuredModels(PHONES, [{ ...device, name: column }]);
  const isResnet = (model: number): boolean => /^qed_resnet(bc)?\d/.test(ids[model]!);
  const { weights, adaptation } = learnDevice(devices[0]!, known, (model) => !isResnet(model));
  const { predicted } = predictAll(devices[0]!, weights, adaptation);
  const errors = [...ids.keys()]
    .filter(isResnet)
    .map((model) => Math.abs(predicted[model]! / devices[0]!.measured[model]! - 1));
  expect(errors).toHaveLength(10);
  expect(Math.max(...errors)).toBeLessThan(greatest);
});

const testPhones = existsSync(PHONES) ? test : test.skip;

testPhones(
  'a GPU starts as the known one, but for convolutions that hang over work groups',
  async () => {
    const known = decodeWeights(readFileSync(join(PREDICTORS, 'adreno640', 'weights.bin')));
    const device = await readDevice(join(PREDICTORS, 'adreno640'));
    const name = 'mi8se_gpu_tflite_fp16';
    const { devices } = await readMeasuredModels(PHONES, [{ ...device, name }]);
    const { weights } = learnDevice(devices[0]!, known, () => true);
    const [before, after] = [new KernelModel(known), new KernelModel(weights)];
    const convolutions = devices[0]!.set.kernels.filter(
      (kernel) => kernel.kind === KIND.conv && kernel.groups === 1 && kernel.outChannels >= 64,
    );
    const fits = convolutions.filter((k) => k.outHeight === 112 && k.outWidth === 112);
    expect(fits.length).toBeGreaterThan(5);
    for (const kernel of fits)
      expect(after.latency(kernel) / before.latency(kernel)).toBeCloseTo(1, 9);
    const hangsOver = convolutions.filter((k) => k.outHeight === 14);
    expect(hangsOver.length).toBeGreaterThan(5);
    for (const kernel of hangsOver)
      expect(after.latency(kernel)).toBeLessThan(0.99 * before.latency(kernel));
  },
);
