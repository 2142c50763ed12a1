import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { testNames } from '../../../tests/support/test-if.ts';
import { folderWith, nnMeter, type Prediction, parseOutput, SMALL_IR } from './run.ts';

const DEVICE = 'cortexA76cpu_tflite21';

interface Evaluation {
  readonly predictor: string;
  readonly dataset: string;
  readonly count: number;
  readonly rmse: number;
  readonly mape: number;
  readonly bias: number;
  readonly within5: number;
  readonly within10: number;
  readonly within15: number;
  readonly intervalCoverage: number | null;
  readonly families: Readonly<Record<string, Evaluation>>;
  readonly worst: readonly { id: string; measuredMs: number; predictedMs: number; error: number }[];
}

let predicted: number;

function entry(id: string, measured: number | null): string {
  return JSON.stringify({ id, [DEVICE]: measured, graph: SMALL_IR });
}

beforeAll(async () => {
  const folder = folderWith({ 'small.json': JSON.stringify(SMALL_IR) });
  const run = await nnMeter(['--predictor', DEVICE, '--json', 'small.json'], folder);
  predicted = parseOutput<Prediction>('predict', run.stdout)[0]!.latencyMs;
});

describe('a dataset with known errors', () => {
  // Measured so that the relative errors of the prediction are exactly these.
  const ERRORS = { resnet18_0: 0, resnet50_7: 0.04, vgg16_1: -0.08, vgg19_2: 0.5 };
  let folder: string;
  let evaluations: Evaluation[];

  beforeAll(async () => {
    const lines = Object.entries(ERRORS).map(([id, error]) => entry(id, predicted / (1 + error)));
    folder = folderWith({
      'a.jsonl': `${lines.slice(0, 2).join('\n')}\n`,
      'b.jsonl.gz': gzipSync(`${lines.slice(2).join('\r\n')}\n\n${entry('unmeasured_1', null)}`),
      'notes.txt': 'not a dataset',
    });
    const args = ['eval', folder, '--predictor', 'cortexa76', '--json'];
    const run = await nnMeter([...args, '--plot', join(folder, 'plot.svg')]);
    expect(run.code).toBe(0);
    evaluations = parseOutput('eval', run.stdout);
  });

  test('the figures are those of the errors', () => {
    expect(evaluations).toHaveLength(1);
    const [all] = evaluations;
    expect(all).toMatchObject({ predictor: DEVICE, dataset: folder, count: 4 });
    expect(all).toMatchObject({ within5: 0.5, within10: 0.75, within15: 0.75 });
    expect(all?.mape).toBeCloseTo((0.04 + 0.08 + 0.5) / 4, 10);
    expect(all?.bias).toBeCloseTo((0.04 - 0.08 + 0.5) / 4, 10);
    const squares = Object.values(ERRORS).map(
      (error) => (predicted - predicted / (1 + error)) ** 2,
    );
    expect(all?.rmse).toBeCloseTo(
      Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / 4),
      10,
    );
    expect(all?.worst[0]?.id).toBe('vgg19_2');
    expect(all?.worst[0]?.error).toBeCloseTo(0.5, 10);
  });

  test('families join the sizes of a network', () => {
    const families = evaluations[0]!.families;
    expect(Object.keys(families)).toEqual(['resnet', 'vgg']);
    expect(families.resnet).toMatchObject({ count: 2, within5: 1 });
    expect(families.vgg).toMatchObject({ count: 2, within5: 0, within10: 0.5 });
  });

  test('the plot has a point for every model', () => {
    const svg = readFileSync(join(folder, 'plot.svg'), 'utf8');
    expect(svg.match(/M[\d.]+ [\d.]+h0/g)).toHaveLength(4);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('the table shows the same', async () => {
    const run = await nnMeter(['eval', '--predictor', DEVICE, folder]);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^all +4 .*50\.0 % +75\.0 % +75\.0 %/m);
    expect(run.stdout).toMatch(/^vgg19_2 .*\+50\.0 %$/m);
  });
});

test('models that were trained on are counted, and left out with --held-out', async () => {
  // By the published split, vgg16_8 and vgg16_15 were held out; a model of one's own was never trained on.
  const ids = ['vgg16_7', 'vgg16_8', 'vgg16_9', 'vgg16_15', 'mine_9'];
  const folder = folderWith({ 'data.jsonl': ids.map((id) => entry(id, predicted)).join('\n') });
  const args = ['eval', 'data.jsonl', '--predictor', DEVICE, '--json'];
  const [all, heldOut] = await Promise.all([
    nnMeter(args, folder),
    nnMeter([...args, '--held-out'], folder),
  ]);
  expect(parseOutput<Evaluation>('eval', all.stdout)[0]?.count).toBe(5);
  expect(all.stderr).toMatch(/was trained on 2 of these 5 models; --held-out/);
  const [evaluation] = parseOutput<Evaluation>('eval', heldOut.stdout);
  expect(evaluation?.worst.map(({ id }) => id).sort()).toEqual(['mine_9', 'vgg16_15', 'vgg16_8']);
  expect(heldOut.stderr).toBe('');
  const none = folderWith({ 'data.jsonl': entry('vgg16_7', predicted) });
  const refused = await nnMeter([...args, '--held-out'], none);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/holds no measurement of a held-out model for cortexA76/);
});

test.each([
  ['a broken line', () => `${entry('a_1', 1)}\n{"id": "b_2", `, /line 2 is not JSON/],
  ['a line without a graph', () => '{"id": "b_2"}', /line 1 .*"graph"/],
  ['a measurement of zero', () => entry('a_1', 0), /line 1: cortexA76cpu_tflite21 of a_1 is 0/],
  ['a negative measurement', () => entry('a_1', -3), /of a_1 is -3/],
  ['a measurement beyond all measure', () => entry('a_1', 1e300), /of a_1 is 1e\+300/],
  [
    'a measurement as text',
    () => entry('a_1', 1).replace(`"${DEVICE}":1`, `"${DEVICE}":"1"`),
    /of a_1 is "1"/,
  ],
  ['NaN', () => entry('a_1', 1).replace(`"${DEVICE}":1`, `"${DEVICE}":NaN`), /line 1 is not JSON/],
  ['a line without end', () => `\n${'x'.repeat(2 ** 25 + 1)}`, /line 2 has over \d+ characters/],
  ['no measurement at all', () => entry('a_1', null), /holds no measurement for cortexA76/],
  ['an empty file', () => '', /holds no measurement/],
  [
    'a graph that is none',
    () => '{"id": "b_2", "cortexA76cpu_tflite21": 1, "graph": {"x": 7}}',
    /line 1 \(b_2\)/,
  ],
])('%s stops the evaluation with its place', async (_, content, message) => {
  const folder = folderWith({ 'data.jsonl': content() });
  const args = ['eval', 'data.jsonl', '--predictor', DEVICE, '--threads', '1', '--json'];
  const run = await nnMeter(args, folder);
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toMatch(/^nn-meter: error: .*data\.jsonl[^\n]*\n$/);
  expect(run.stderr).toMatch(message);
});

test('a byte order mark is no data, a folder no file, and ids that repeat are told', async () => {
  const lines = [entry('a_1', 1), entry('a_1', 2)];
  const folder = folderWith({ 'data.jsonl': `\uFEFF${lines.join('\n')}` });
  mkdirSync(join(folder, 'folder.jsonl'));
  const run = await nnMeter(['eval', '.', '--predictor', DEVICE, '--json'], folder);
  expect(parseOutput<Evaluation>('eval', run.stdout)[0]?.count).toBe(2);
  expect(run.stderr).toMatch(/repeats ids: 2 measurements of 1 ids/);
});

test('a plot that cannot be written is named, and nothing is left of it', async () => {
  const folder = folderWith({ 'data.jsonl': entry('a_1', 1) });
  mkdirSync(join(folder, 'plot.svg'));
  const args = ['eval', 'data.jsonl', '--predictor', DEVICE, '--plot'];
  for (const [path, reason] of [
    ['plot.svg', 'it is a folder'],
    ['gone/plot.svg', 'there is no such file or folder'],
  ] as const) {
    const run = await nnMeter([...args, path], folder);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`cannot write "${path}": ${reason}`);
  }
  expect(readdirSync(folder).sort()).toEqual(['data.jsonl', 'plot.svg']);
});

test('a truncated .gz, a missing file and a folder without datasets', async () => {
  const folder = folderWith({});
  writeFileSync(join(folder, 'cut.jsonl.gz'), gzipSync(entry('a_1', 1)).subarray(0, 40));
  const [cut, missing] = await Promise.all([
    nnMeter(['eval', 'cut.jsonl.gz'], folder),
    nnMeter(['eval', 'missing.jsonl'], folder),
  ]);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toMatch(/cut\.jsonl\.gz is damaged/);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(/missing\.jsonl.*no such file/);
  const none = await nnMeter(['eval', folderWith({ 'a.txt': '' })]);
  expect(none.stderr).toMatch(/holds no \.jsonl/);
});

testNames(
  'pipes and devices are refused where a dataset is expected, alone or in a folder',
  async () => {
    const folder = folderWith({ 'good.jsonl': entry('a_1', 1) });
    execFileSync('mkfifo', [join(folder, 'pipe.jsonl')]);
    const args = ['--predictor', DEVICE, '--json'];
    for (const path of ['pipe.jsonl', '/dev/zero']) {
      const run = await nnMeter(['eval', path, ...args], folder);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain(`"${path}": it is a device, a pipe or a socket`);
    }
    const beside = await nnMeter(['eval', folder, ...args]);
    expect(beside.code).toBe(0);
    expect(parseOutput<Evaluation>('eval', beside.stdout)).toMatchObject([{ count: 1 }]);
  },
);

describe('measurements of another device', () => {
  const COLUMN = 'phone_1large_tflite';

  test('a column by name, and one factor for all', async () => {
    const ratios = [0.5, 0.6, 0.7];
    const lines = ratios.map((ratio, index) =>
      JSON.stringify({ id: `net_${index}`, [COLUMN]: ratio * predicted, graph: SMALL_IR }),
    );
    const folder = folderWith({ 'phone.jsonl': lines.join('\n') });
    const args = ['eval', folder, '--predictor', 'cortexa76', '--column', COLUMN, '--json'];
    const [plain] = parseOutput<Evaluation>('eval', (await nnMeter(args)).stdout);
    expect(plain).toMatchObject({ column: COLUMN, count: 3, within10: 0 });
    expect(plain).not.toHaveProperty('scale');
    const run = await nnMeter([...args, '--scale', 'fit']);
    const [fitted] = parseOutput<Evaluation & { scale: number; ranks: object }>('eval', run.stdout);
    expect(fitted!.scale).toBeCloseTo(0.6, 9);
    expect(fitted).toMatchObject({ within10: 1 / 3, intervalCoverage: null });
    // The same network each time: no order is predicted.
    expect(fitted!.ranks).toEqual({ spearman: null, kendall: null });
  });

  test('a column that is not there is one error', async () => {
    const folder = folderWith({ 'a.jsonl': entry('net_1', predicted) });
    const { code, stderr } = await nnMeter(['eval', folder, '--column', 'nonsense']);
    expect(code).toBe(1);
    expect(stderr).toContain('holds no measurement "nonsense" for cortexA76cpu_tflite21');
  });
});
