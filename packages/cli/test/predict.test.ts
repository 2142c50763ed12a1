import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { testNames } from '../../../tests/support/test-if.ts';
import { zipOf } from '../../nn-meter-predictors/test/support/zip-writer.ts';
import {
  DEVICES,
  folderWith,
  MOBILENET_V1_PB,
  MOBILENET_V2,
  nnMeter,
  nnMeterProcess,
  type Prediction,
  parseOutput,
  RESNET18,
  type Run,
  SAVED_MODEL,
  SIGNATURES,
  SMALL_IR,
} from './run.ts';

describe('one model on all devices', () => {
  let text: Run;
  let predictions: Prediction[];

  beforeAll(async () => {
    const [asText, asJson] = await Promise.all([
      nnMeterProcess(['predict', '--predictor', 'all', '--onnx', RESNET18]),
      nnMeterProcess(['predict', RESNET18, '--json']),
    ]);
    expect(asJson).toMatchObject({ code: 0, stderr: '' });
    text = asText;
    predictions = parseOutput<Prediction>('predict', asJson.stdout);
  });

  test('the JSON has an element per predictor, in order', () => {
    expect(predictions.map(({ predictor }) => predictor)).toEqual(DEVICES);
    for (const { model, type, version } of predictions) {
      expect({ model, type, version }).toEqual({ model: RESNET18, type: 'onnx', version: '2.0' });
    }
  });

  test('the kernels account for every convolution once and for no more than the total', () => {
    for (const { kernels, latencyMs } of predictions) {
      const nodes = kernels.flatMap((kernel) => kernel.nodes);
      expect(new Set(nodes).size).toBe(nodes.length);
      expect(kernels.filter(({ type }) => type.startsWith('conv')).length).toBe(20);
      const sum = kernels.reduce((total, kernel) => total + kernel.latencyMs, 0);
      expect(sum).toBeGreaterThan(0);
      expect(sum).toBeLessThanOrEqual(latencyMs * (1 + 1e-9));
    }
  });

  test('shapes of kernels have channels last', () => {
    const first = predictions[0]?.kernels[0];
    expect(first?.input).toEqual([1, 224, 224, 3]);
    expect(first?.output).toEqual([1, 112, 112, 64]);
  });

  test('the text names every device with the same latency, and fits 100 columns', () => {
    expect(text).toMatchObject({ code: 0, stderr: '' });
    for (const { predictor, latencyMs } of predictions) {
      const line = `(nn-Meter) [RESULT] predict latency for resnet18.onnx on ${predictor}: `;
      const shown = text.stdout.split('\n').find((candidate) => candidate.startsWith(line));
      expect(Number.parseFloat(shown?.slice(line.length) ?? '')).toBeCloseTo(latencyMs, 1);
    }
    for (const line of text.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('no colours where no terminal is', () => {
    expect(text.stdout).not.toContain('\u001b');
  });
});

test("the original's spellings all do the same", async () => {
  const model = ['--onnx', MOBILENET_V2, '--json'];
  const runs = await Promise.all([
    nnMeter(['--predictor', 'cortexA76cpu_tflite21', ...model]),
    nnMeter(['predict', '--predictor', 'CORTEXA76CPU_TFLITE21', ...model]),
    nnMeter(['lat_pred', '--predictor', 'cortexa76', '--predictor_version', '2.0', ...model]),
  ]);
  expect(runs[0]?.code).toBe(0);
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).toEqual(runs[0]);
});

test('with one predictor the result line is the one of the original, and --top and --kernels choose the rows', async () => {
  const one = ['--predictor', 'adreno640', '--onnx', RESNET18];
  const [top, all] = await Promise.all([
    nnMeter([...one, '--top', '3']),
    nnMeter([...one, '--kernels']),
  ]);
  expect(top.stdout).toMatch(
    /^\(nn-Meter\) \[RESULT\] predict latency for resnet18\.onnx: \d+\.\d\d ms$/m,
  );
  const rows = /^ {2}\S*(conv|pool|fc|add|relu|gap)\S* +~?\d/gm;
  expect(top.stdout.match(rows)).toHaveLength(3);
  expect(all.stdout.match(rows)?.length).toBeGreaterThan(20);
});

test('the type of a file is found by content, whatever its name', async () => {
  const folder = folderWith({ 'ir.txt': JSON.stringify(SMALL_IR) });
  const files = ['ir.txt', RESNET18, MOBILENET_V1_PB, SAVED_MODEL];
  const run = await nnMeter(['--predictor', 'myriad', '--json', ...files], folder);
  expect(run).toMatchObject({ code: 0 });
  const predictions = parseOutput<Prediction>('predict', run.stdout);
  expect(predictions.map(({ model, type }) => [model, type])).toEqual([
    ['ir.txt', 'nnmeter-ir'],
    [RESNET18, 'onnx'],
    [MOBILENET_V1_PB, 'pb'],
    [SAVED_MODEL, 'pb'],
  ]);
});

test('several torchvision models by name', async () => {
  const run = await nnMeter([
    '--predictor',
    'cortexa76',
    '--json',
    '--torchvision',
    'resnet18',
    'mobilenet_v2',
  ]);
  const predictions = parseOutput<Prediction>('predict', run.stdout);
  expect(predictions.map(({ model, type }) => [model, type])).toEqual([
    ['resnet18', 'torchvision'],
    ['mobilenet_v2', 'torchvision'],
  ]);
  const small = ['--torchvision', 'resnet18', '--input-shape', '1,3,112,112'];
  const smaller = await nnMeter(['--predictor', 'cortexa76', '--json', ...small]);
  const [half] = parseOutput<Prediction>('predict', smaller.stdout);
  expect(half?.kernels[0]?.input).toEqual([1, 112, 112, 3]);
  expect(half?.latencyMs).toBeLessThan(predictions[0]!.latencyMs / 2);
});

test('a SavedModel of several signatures', async () => {
  const args = ['--predictor', 'cortexa76', '--json', '--tensorflow', SIGNATURES];
  const refused = await nnMeter(args);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/"embed", "image"; name one with --signature/);
  const chosen = [...args, '--signature', 'image', '--input-shape', '1,32,48,3'];
  const [prediction] = parseOutput<Prediction>('predict', (await nnMeter(chosen)).stdout);
  expect(prediction?.kernels.map(({ type, output }) => [type, output])).toEqual([
    ['conv', [1, 16, 24, 4]],
  ]);
});

test('a SavedModel in a zip is the folder that was zipped; what is no zip of one is one error', async () => {
  const content = readFileSync(join(SAVED_MODEL, 'saved_model.pb'));
  const zip = zipOf([{ name: 'saved/saved_model.pb', content }]);
  const folder = folderWith({
    'saved.zip': zip,
    'cut.zip': zip.subarray(0, zip.length - 40),
    'other.zip': zipOf([{ name: 'a.txt', content }]),
  });
  const args = ['--predictor', 'cortexa76', '--json'];
  const named = await nnMeter(
    [...args, 'saved.zip', '--tensorflow', 'saved.zip', SAVED_MODEL],
    folder,
  );
  const predictions = parseOutput<Prediction>('predict', named.stdout);
  expect(predictions).toHaveLength(3);
  const facts = predictions.map(({ type, latencyMs, kernels }) => ({ type, latencyMs, kernels }));
  expect(facts[0]).toEqual(facts[2]);
  expect(facts[1]).toEqual(facts[2]);
  for (const [name, message] of [
    ['cut.zip', /"cut.zip" is a damaged zip.*download it again/],
    ['other.zip', /"other.zip" is not a model of a known format/],
  ] as const) {
    const refused = await nnMeter([...args, name], folder);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^nn-meter: error: [^\n]+\n$/);
    expect(refused.stderr).toMatch(message);
  }
});

test('formats without signatures refuse --signature', async () => {
  const args = ['--predictor', 'cortexa76', '--signature', 'image'];
  for (const model of [
    ['--onnx', RESNET18],
    ['--torchvision', 'resnet18'],
  ]) {
    const { code, stderr } = await nnMeter([...args, ...model]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/have no signatures to choose from; leave the option 'signature' out/);
  }
});

testNames('a model name that could harm the terminal is printed harmless', async () => {
  const folder = folderWith({});
  const name = 'a\u001b[31mred.json';
  writeFileSync(join(folder, name), JSON.stringify(SMALL_IR));
  const run = await nnMeter(['--predictor', 'cortexa76', name, 'mis\u0007sing'], folder);
  expect(run.code).toBe(1);
  expect(run.stdout).toContain('predict latency for a?[31mred.json');
  for (const code of ['\u001b', '\u0007']) expect(run.stdout + run.stderr).not.toContain(code);
});
