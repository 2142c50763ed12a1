import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hashOf } from '@nnmeter/dataset';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import type { Graph } from '@nnmeter/ir';
import { decodeWeights } from '@nnmeter/latency-model';
import { createPredictor, fitCalibration, type PredictorDefinition } from '@nnmeter/predictor';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { type DeviceFolder, type MeasuredModels, runFewShot } from '@nnmeter/training';
import { readDevice, readMeasuredModels } from '@nnmeter/training/node';
import { buildModel } from '@nnmeter/zoo';

const PREDICTORS = join(import.meta.dirname, '../../../predictors');
/** Kernels that nn-Meter's benchmark knows and does not know: grouped, dilated, attention, layer norm, swish, gelu. */
const MODELS = [
  ...[
    'mobilenet_v2',
    'mobilenet_v3_small',
    'shufflenet_v2_x1_0',
    'efficientnet_b0',
    'regnet_y_400mf',
  ],
  ...['swin_t', 'vit_b_16', 'convnext_tiny', 'resnext50_32x4d', 'squeezenet1_1', 'googlenet'],
];
const DEVICES: readonly [string, PredictorDefinition][] = [
  ['cortexa76', cortexA76],
  ['adreno640', adreno640],
];

const folder = mkdtempSync(join(tmpdir(), 'nnmeter-few-shot-'));
afterAll(() => rmSync(folder, { recursive: true }));

const graphs = new Map<string, Graph>();
const measured = new Map<string, Record<string, number>>();
let dataset: MeasuredModels<DeviceFolder>;

beforeAll(async () => {
  const lines = MODELS.map((id, index) => {
    const json = JSON.parse(JSON.stringify(writeNnMeterIr(buildModel(id))));
    const graph = readNnMeterIr(json, { name: id });
    graphs.set(id, graph);
    const ms = DEVICES.map(([, definition]) => {
      const predicted = createPredictor(definition).totalMs(graph);
      return [definition.name, predicted * (1.2 + 0.03 * (index % 5))] as const;
    });
    measured.set(id, Object.fromEntries(ms));
    return JSON.stringify({ id, ...measured.get(id), graph: json });
  });
  writeFileSync(join(folder, 'zoo.jsonl'), lines.join('\n'));
  const devices = DEVICES.map(([device]) => readDevice(join(PREDICTORS, device)));
  dataset = await readMeasuredModels(folder, await Promise.all(devices));
});

test.each(DEVICES)('%s: the protocol fits what fitCalibration fits', (device, definition) => {
  const { name } = definition;
  const data = dataset.devices.find((each) => each.device.name === name)!;
  const weights = decodeWeights(readFileSync(join(PREDICTORS, device, 'weights.bin')));
  const { adaptation } = runFewShot(data, dataset.ids, weights);

  const ten = MODELS.toSorted((a, b) => hashOf(a) - hashOf(b)).slice(0, 10);
  const calibration = fitCalibration(
    createPredictor(definition),
    ten.map((id) => ({ graph: graphs.get(id)!, latencyMs: measured.get(id)![name]! })),
  );
  const fitted = calibration.adaptation;
  expect(fitted.scale).toBeCloseTo(adaptation.scale, 9);
  expect(fitted.startup).toBeCloseTo(adaptation.startup, 9);
  expect(Object.keys(fitted.kinds).sort()).toEqual(Object.keys(adaptation.kinds).sort());
  for (const [kind, { constant, estimated, sizes, products }] of Object.entries(adaptation.kinds)) {
    const own = fitted.kinds[kind]!;
    expect(own.constant).toBeCloseTo(constant, 6);
    expect(own.estimated).toBeCloseTo(estimated, 6);
    expect(own.sizes.map(({ name }) => name)).toEqual(sizes.map(({ name }) => name));
    for (const [pair, product] of products.entries())
      expect(own.products[pair]).toBeCloseTo(product, 6);
  }
  expect(adaptation.kinds['grouped conv']!.estimated).not.toBe(0);
});
