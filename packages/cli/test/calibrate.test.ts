import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { testNames } from '../../../tests/support/test-if.ts';
import {
  folderWith,
  MOBILENET_V1_PB,
  MOBILENET_V2,
  nnMeter,
  type Prediction,
  parseOutput,
  RESNET18,
  SMALL_IR,
} from './run.ts';

const DEVICE = 'adreno640gpu_tflite21';
const SMALL = { 'small.json': JSON.stringify(SMALL_IR) };

interface Calibrated {
  readonly predictor: string;
  readonly rmspeBefore: number;
  readonly rmspeAfter: number;
  readonly models: readonly { model: string; measuredMs: number; afterMs: number }[];
}

test('measurements of a device half as fast double every prediction', async () => {
  const folder = folderWith(SMALL);
  const models = [RESNET18, MOBILENET_V2, MOBILENET_V1_PB, 'small.json'];
  const before = parseOutput<Prediction>(
    'predict',
    (await nnMeter(['--predictor', DEVICE, '--json', ...models], folder)).stdout,
  );
  const lines = before.map(({ model, latencyMs }) => `"${model}", ${latencyMs * 2}`);
  writeFileSync(join(folder, 'mine.csv'), `model,ms\n# my phone\n${lines.join('\r\n')}\n`);
  const fit = ['calibrate', '--predictor', 'adreno640', '--measurements', 'mine.csv'];
  const run = await nnMeter([...fit, '--output', 'my.json', '--json'], folder);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const [calibrated] = parseOutput<Calibrated>('calibrate', run.stdout);
  expect(calibrated?.predictor).toBe(DEVICE);
  expect(calibrated?.rmspeBefore).toBeCloseTo(0.5, 6);
  expect(calibrated?.rmspeAfter).toBeLessThan(1e-6);
  expect(calibrated?.models.map(({ model }) => model)).toEqual(models);

  const used = await nnMeter(['--calibration', 'my.json', '--json', ...models], folder);
  const after = parseOutput<Prediction>('predict', used.stdout);
  expect(after.map(({ predictor }) => predictor)).toEqual(models.map(() => DEVICE));
  for (const [index, { latencyMs, warnings }] of after.entries()) {
    expect(latencyMs / before[index]!.latencyMs).toBeCloseTo(2, 6);
    expect(warnings.at(-1)).toContain('my.json');
  }
  const other = ['--predictor', 'cortexa76', '--calibration', 'my.json', 'small.json'];
  const refused = await nnMeter(other, folder);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/my\.json: it calibrates adreno640gpu_tflite21, not cortexA76/);
});

test('a device in another setting is calibrated there, and predicted there unless another is asked for', async () => {
  const folder = folderWith({ ...SMALL, 'mine.csv': 'small.json,0.5' });
  const device = ['--predictor', 'exynos9820cpu_tflite2021'];
  const setting = ['--precision', 'int8', '--cores', '1 large'];
  const output = ['--measurements', 'mine.csv', '--output', 'my.json'];
  const run = await nnMeter(['calibrate', ...device, ...setting, ...output], folder);
  expect(run).toMatchObject({ code: 0 });
  for (const given of [[], [...device, ...setting]]) {
    const used = await nnMeter(
      [...given, '--calibration', 'my.json', '--json', 'small.json'],
      folder,
    );
    const [{ latencyMs }] = parseOutput<Prediction>('predict', used.stdout) as [Prediction];
    expect(latencyMs).toBeCloseTo(0.5, 6);
  }
  for (const given of [device, ['--precision', 'float32']]) {
    const refused = await nnMeter([...given, '--calibration', 'my.json', 'small.json'], folder);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /my\.json: the calibration is for exynos9820cpu_tflite2021 in "int8, 1 large", not in "float32, 1 large"/,
    );
  }
  const unknown = ['calibrate', ...device, '--precision', 'int4', ...output];
  expect((await nnMeter(unknown, folder)).stderr).toMatch(/knows no "int4"/);
});

test.each([
  ['zero', 'small.json,0', /mine\.csv, line 1: .*"0"/],
  ['a negative number', 'small.json,1\nsmall.json,-2', /line 2: .*"-2"/],
  ['no number', 'small.json,fast', /line 1: .*"fast"/],
  ['NaN', 'small.json,NaN', /line 1: .*"NaN"/],
  ['one column', 'small.json', /line 1 is not of the form model,ms/],
  ['a hexadecimal number', 'small.json,0x10', /line 1: .*"0x10"/],
  ['a unit', 'small.json,5 ms', /line 1: .*"5 ms"/],
  ['an absurd number', 'small.json,1e300', /line 1: .*"1e300"/],
  ['a comma for a point', 'small.json;0,5', /line 1 is not of the form model,ms/],
  ['three columns', 'small.json,1,2', /line 1 is not of the form model,ms/],
  ['an open quote', '"small.json,1', /line 1 is not of the form model,ms/],
  [
    'a line of blanks and a tab',
    `${' '.repeat(1e6)}\t`,
    /line 1 is not of the form|no measurement/,
  ],
  [
    'a measurement of another device',
    'small.json,1\nsmall.json,1\n\nsmall.json,100\nsmall.json,1',
    /mine\.csv, line 4: small\.json, 100 ms\) contradicts the others, which say 1\.\d+ ms/,
  ],
  ['a missing model', 'model,ms\ngone.onnx,3', /line 2: .*gone\.onnx/],
  ['nothing', 'model,ms\n', /holds no measurement/],
])('%s is an error that names the line, and nothing is written', async (_, csv, message) => {
  const folder = folderWith({ ...SMALL, 'mine.csv': csv });
  const args = ['--predictor', DEVICE, '--measurements', 'mine.csv', '-o', 'my.json'];
  const run = await nnMeter(['calibrate', ...args], folder);
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toMatch(/^nn-meter: error: [^\n]+\n$/);
  expect(run.stderr).toMatch(message);
  expect(existsSync(join(folder, 'my.json'))).toBe(false);
});

testNames(
  'names in quotes, other separators, a mark; few measurements give one factor',
  async () => {
    const folder = folderWith({
      'small.json': SMALL['small.json'],
      'a, "b".json': SMALL['small.json'],
      'mine.csv': '\uFEFF"model";"ms"\n"a, ""b"".json";1e0\nsmall.json\t1.02',
    });
    const args = ['--predictor', DEVICE, '--measurements', 'mine.csv', '-o', 'my.json', '--json'];
    const run = await nnMeter(['calibrate', ...args], folder);
    expect(run.code).toBe(0);
    const [calibrated] = parseOutput<Calibrated>('calibrate', run.stdout);
    expect(calibrated?.models.map(({ model, measuredMs }) => [model, measuredMs])).toEqual([
      ['a, "b".json', 1],
      ['small.json', 1.02],
    ]);
    expect(run.stderr).toMatch(/one factor for all kernels/);
  },
);

test.each(['-', 'folder', 'gone/my.json', './mine.csv', 'small.json'])(
  '--output %s is refused',
  async (output) => {
    const folder = folderWith({ ...SMALL, 'mine.csv': 'small.json,1' });
    mkdirSync(join(folder, 'folder'));
    const args = ['--predictor', DEVICE, '--measurements', 'mine.csv', '--output', output];
    const run = await nnMeter(['calibrate', ...args], folder);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toMatch(/^nn-meter: error: [^\n]+\n$/);
    expect(readdirSync(folder).sort()).toEqual(['folder', 'mine.csv', 'small.json']);
    expect(readFileSync(join(folder, 'mine.csv'), 'utf8')).toBe('small.json,1');
    expect(readFileSync(join(folder, 'small.json'), 'utf8')).toBe(SMALL['small.json']);
  },
);

describe('a file for --calibration', () => {
  const CONV = {
    measured: false,
    constant: 0.1,
    estimated: 0,
    sizes: [],
    products: [],
    least: -0.1,
    greatest: 0.1,
  };
  const ADAPTATION = { scale: 2, startup: 1, kinds: { conv: CONV } };
  const GOOD = {
    format: 'nnmeter-calibration',
    version: 2,
    predictor: DEVICE,
    predictorVersion: '2.0',
    adaptation: ADAPTATION,
    measurements: 3,
    rmspeBefore: 0.5,
    rmspeAfter: 0.1,
  };
  const text = (changes: object) => JSON.stringify({ ...GOOD, ...changes });
  const adapted = (changes: object) => text({ adaptation: { ...ADAPTATION, ...changes } });
  const conv = (changes: object) => adapted({ kinds: { conv: { ...CONV, ...changes } } });
  const SIZE = {
    name: 'input channels',
    least: 1,
    mean: 2,
    greatest: 3,
    slope: 0.1,
    estimatedSlope: 0,
  };

  test('is read, with a mark and members it does not need', async () => {
    const good = `\uFEFF${text({ note: 'mine' }).replace('{', '{"__proto__": {"adaptation": 5},')}`;
    const run = await nnMeter(
      ['--calibration', 'my.json', '--json', 'small.json'],
      folderWith({ ...SMALL, 'my.json': good }),
    );
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(parseOutput<Prediction>('predict', run.stdout)).toHaveLength(1);
  });

  const NONE = /my\.json is not a calibration/;
  test.each<[string, string | Uint8Array, RegExp]>([
    ['that is no JSON', text({}).slice(0, 60), /my\.json is not JSON/],
    ['of bytes', Uint8Array.from({ length: 999 }, (_, i) => i * 37), /my\.json is not JSON/],
    ['that is null', 'null', /my\.json is not a calibration/],
    ['that is a list', '[]', /my\.json is not a calibration/],
    ['of an older format', text({ version: 1, scale: 2, corrections: {}, perKernelMs: 0 }), NONE],
    ['without a scale', adapted({ scale: undefined }), NONE],
    ['with a negative scale', adapted({ scale: -1 }), NONE],
    ['with an absurd scale', adapted({ scale: 1e300 }), NONE],
    ['with a scale of text', adapted({ scale: '2' }), NONE],
    ['without a start-up', adapted({ startup: undefined }), NONE],
    ['with infinity', text({}).replace('"scale":2', '"scale":1e999'), NONE],
    ['with a list of kinds', adapted({ kinds: [CONV] }), NONE],
    ['with kinds of text', adapted({ kinds: 'abc' }), NONE],
    ['with an absurd constant', conv({ constant: 1e308 }), NONE],
    ['without bounds', conv({ least: undefined }), NONE],
    ['with bounds the wrong way round', conv({ least: 0.2 }), NONE],
    ['with an unknown size', conv({ sizes: [{ ...SIZE, name: 'age' }], products: [0] }), NONE],
    ['with two products of one size', conv({ sizes: [SIZE], products: [0, 0] }), NONE],
    ['with a hidden kind', text({}).replace('{"conv"', '{"__proto__":{"a":1},"conv"'), NONE],
    ['without measurements', text({ measurements: undefined }), NONE],
    ['for an unknown predictor', text({ predictor: 'mine' }), /my\.json: unknown predictor "mine"/],
    [
      'for another version',
      text({ predictorVersion: '9.0' }),
      /my\.json: predictor "adreno640gpu_tflite21" has no version "9\.0"/,
    ],
  ])('%s is refused', async (_, content, message) => {
    const folder = folderWith({ ...SMALL, 'my.json': content });
    const run = await nnMeter(['--calibration', 'my.json', 'small.json'], folder);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toMatch(/^nn-meter: error: [^\n]+\n$/);
    expect(run.stderr).toMatch(message);
  });

  test('that is missing, twice there or of a version not asked for is refused', async () => {
    const folder = folderWith({
      ...SMALL,
      'a.json': text({}),
      'b.json': text({}),
      'old.json': text({ predictorVersion: '1.0' }),
    });
    for (const [args, message] of [
      [['gone.json'], /cannot open "gone\.json": there is no such file/],
      [['a.json', '--calibration', 'b.json'], /a\.json and b\.json both calibrate adreno640/],
      [
        ['old.json', '--predictor', DEVICE],
        /old\.json: the calibration is for adreno\S+ 1\.0, not/,
      ],
    ] as const) {
      const run = await nnMeter(['small.json', '--calibration', ...args], folder);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toMatch(message);
    }
  });
});
