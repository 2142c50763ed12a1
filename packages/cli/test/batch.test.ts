import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { testIf, testLinks } from '../../../tests/support/test-if.ts';
import {
  BIN,
  folderWith,
  MOBILENET_V2,
  nnMeter,
  type Prediction,
  parseOutput,
  RESNET18,
  SMALL_IR,
} from './run.ts';

const SMALL = JSON.stringify(SMALL_IR);

test('the table of a batch says how many models have warnings, unless they were shown', async () => {
  const odd = {
    ...SMALL_IR,
    relu1: { ...SMALL_IR.relu1, attr: { ...SMALL_IR.relu1.attr, type: 'Odd' } },
  };
  const folder = folderWith({ 'a.json': SMALL, 'b.json': JSON.stringify(odd), 'c.json': SMALL });
  const told = /1 of 3 models have warnings, which --top 10 or --json shows/;
  for (const predictors of [['--predictor', 'cortexa76'], []]) {
    const [table, breakdown] = await Promise.all([
      nnMeter([...predictors, '.'], folder),
      nnMeter([...predictors, '.', '--top', '1'], folder),
    ]);
    expect(table.stdout).toMatch(told);
    expect(table.stdout).not.toContain('unknown operations');
    expect(breakdown.stdout).not.toMatch(told);
    expect(breakdown.stdout).toMatch(/unknown operations.*"relu1" \(Odd\)/);
  }
});

test('a folder is read in order; a bad file takes its place and does not stop the others', async () => {
  const folder = folderWith({
    'c.json': SMALL,
    'b.json': 'not json',
    'a.json': SMALL,
    'z.txt': '',
  });
  const args = ['--predictor', 'cortexa76', '--nn-meter-ir', `${folder}/`];
  const [json, text] = await Promise.all([nnMeter([...args, '--json']), nnMeter(args)]);
  expect(json.code).toBe(1);
  const elements = parseOutput<Prediction>('predict', json.stdout);
  expect(elements.map(({ model, type }) => [model, type])).toEqual([
    [`${folder}/a.json`, 'nnmeter-ir'],
    [`${folder}/b.json`, 'nnmeter-ir'],
    [`${folder}/c.json`, 'nnmeter-ir'],
  ]);
  expect(elements[1]?.error?.code).toMatch(/^E_/);
  expect(elements[2]?.latencyMs).toBe(elements[0]?.latencyMs);

  expect(text.code).toBe(1);
  expect(text.stdout).toMatch(/predict latency for a\.json: [\d.]+ ms\n.*for c\.json: /);
  expect(text.stdout).toMatch(/b\.json +failed/);
  expect(text.stderr).toContain('b.json');
  expect(text.stderr.trim().split('\n')).toHaveLength(1);
});

test('a mixed folder: models by content, other files skipped with a note, --recursive goes deeper', async () => {
  const folder = folderWith({ 'ir.json': SMALL, 'notes.md': '# notes', 'labels.json': '["cat"]' });
  mkdirSync(join(folder, 'more'));
  copyFileSync(RESNET18, join(folder, 'more', 'resnet18.onnx'));
  copyFileSync(MOBILENET_V2, join(folder, 'mobile.net'));
  const flat = await nnMeter(['--predictor', 'cortexa76', '--json', '.'], folder);
  expect(flat.code).toBe(0);
  const models = parseOutput<Prediction>('predict', flat.stdout).map(({ model }) => model);
  expect(models).toEqual(['./ir.json', './mobile.net']);
  expect(flat.stderr).toMatch(/skipped .*labels\.json.*\n.*skipped .*notes\.md/);

  const deep = await nnMeter(['--predictor', 'cortexa76', '--json', '--recursive', '.'], folder);
  const all = parseOutput<Prediction>('predict', deep.stdout).map(({ model }) => model);
  expect(all).toEqual(['./ir.json', './mobile.net', './more/resnet18.onnx']);
});

testLinks(
  'what is empty or leads nowhere is skipped in a folder, and an error where it is named',
  async () => {
    const folder = folderWith({ 'a.onnx': '', 'b.json': '', 'c.txt': '', 'ir.json': SMALL });
    for (const name of ['d.onnx', 'e']) symlinkSync('gone', join(folder, name));
    const predict = (...args: string[]) =>
      nnMeter(['--predictor', 'cortexa76', '--json', ...args], folder);
    const mixed = await predict('.');
    expect(mixed.code).toBe(0);
    expect(parseOutput<Prediction>('predict', mixed.stdout)).toMatchObject([
      { model: './ir.json' },
    ]);
    expect(mixed.stderr.trim().split('\n')).toEqual([
      'nn-meter: warning: skipped ./a.onnx, which is empty',
      'nn-meter: warning: skipped ./b.json, which is empty',
      'nn-meter: warning: skipped ./c.txt, which is empty',
      'nn-meter: warning: skipped ./d.onnx, which is a link that leads nowhere',
      'nn-meter: warning: skipped ./e, which is a link that leads nowhere',
    ]);

    const named = await predict('a.onnx', 'd.onnx', 'ir.json');
    expect(named.code).toBe(1);
    expect(parseOutput<Prediction>('predict', named.stdout)).toMatchObject([
      { model: 'a.onnx', error: { code: 'E_FILE' } },
      { model: 'd.onnx', error: { code: 'E_FILE' } },
      { model: 'ir.json' },
    ]);

    const nothing = await predict('--onnx', '.');
    expect(nothing.code).toBe(1);
    expect(nothing.stderr).toMatch(/no file in the folder "\." is a known model/);
  },
);

testIf(process.platform === 'linux', 'other file systems have no such names')(
  'a name that is not UTF-8 is named as the trouble',
  async () => {
    const folder = folderWith({ 'ir.json': SMALL });
    writeFileSync(
      Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9), Buffer.from('.json')]),
      SMALL,
    );
    const run = await nnMeter(['--predictor', 'cortexa76', '--json', '.'], folder);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(
      /^nn-meter: error: cannot open ".*": its name is not UTF-8; rename it \(E_FILE\)\n$/,
    );
    expect(parseOutput<Prediction>('predict', run.stdout)).toMatchObject([
      { model: './caf\uFFFD.json', error: { code: 'E_FILE' } },
      { model: './ir.json', latencyMs: expect.any(Number) },
    ]);
  },
);

test('several models on several devices: a column of ms for each device', async () => {
  const run = await nnMeter([
    RESNET18,
    MOBILENET_V2,
    '--predictor',
    'cortexa76',
    '--predictor',
    'myriad',
  ]);
  expect(run.code).toBe(0);
  const [head, second] = run.stdout.split('\n\n')[1]?.split('\n') ?? [];
  expect(head).toMatch(/cortexA76cpu +myriadvpu$/);
  expect(second).toMatch(/tflite21 +openvino2019r2$/);
  expect(run.stdout).toMatch(/resnet18\.onnx +\d+\.\d\d +\d+\.\d\d$/m);
});

test('folders without models are errors that say what was looked for', async () => {
  const folder = folderWith({ 'readme.txt': 'nothing' });
  const run = await nnMeter(['--json', '--onnx', folder], folder);
  expect(run.code).toBe(1);
  const [failure] = parseOutput<Prediction>('predict', run.stdout);
  expect(failure).toMatchObject({ model: folder, type: 'onnx', error: { code: 'E_FILE' } });
  expect(failure?.error?.message).toContain('.onnx');

  const plain = await nnMeter(['--json', '.'], folder);
  expect(plain.code).toBe(1);
  expect(parseOutput<Prediction>('predict', plain.stdout)).toMatchObject([
    { model: '.', type: null, error: { code: 'E_FILE' } },
  ]);
});

test('a reader that closes the pipe ends the run quietly', async () => {
  const folder = folderWith({});
  for (let index = 0; index < 40; index++) writeFileSync(join(folder, `${index}.json`), SMALL);
  const child = spawn(process.execPath, [BIN, '--json', '--nn-meter-ir', folder]);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
