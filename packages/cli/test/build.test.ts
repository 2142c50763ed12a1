import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { folderWith, nnMeter } from './run.ts';

const BENCHMARK = fileURLToPath(new URL('./support/benchmark.js', import.meta.url));

/** A folder with a runner of the invented device. */
function folderWithRunner(mode: string): string {
  const command = [process.execPath, BENCHMARK, '{model}', '{runs}', mode];
  const latency = { regexp: '^best: ([\\d.e-]+) ms', unit: 'ms' };
  const runner = { name: 'invented', format: 'onnx', command, latency, facts: { runtime: 'ours' } };
  return folderWith({ 'runner.json': JSON.stringify(runner) });
}

const BUILD = ['build', '--name', 'mine', '--runner', 'runner.json'];

test.each([
  [['build', '--runner', 'onnxruntime'], /missing required argument: name/],
  [['build', '--name', 'mine'], /missing required argument: runner/],
  [
    ['build', '--name', 'mine', '--runner', 'onnxruntme'],
    /there is no runner "onnxruntme".*onnxruntime/,
  ],
  [['build', '--name', 'mine', '--runner', 'missing.json'], /cannot open .*missing\.json/],
  [
    ['build', '--name', '../mine', '--runner', 'runner.json'],
    /the name "\.\.\/mine" must start with a letter/,
  ],
  [[...BUILD, '--minutes', '0'], /--minutes needs a number greater than 0/],
  [[...BUILD, '--models', '3'], /--models needs a whole number from 10 to 2000/],
  [[...BUILD, '--seed', 'x'], /--seed needs a whole number/],
  [[...BUILD, '--threads', '0'], /--threads needs a whole number/],
  [[...BUILD, '--parameter', 'host'], /--parameter host is no value; write host=me@box/],
  [[...BUILD, '--serial', 'R58'], /serial/],
  [[...BUILD, '--for', 'missing.onnx'], /missing\.onnx/],
  [[...BUILD, '--output', '.'], /the folder "\." is not empty; name a new one/],
  [
    ['build', '--name', 'CortexA76', '--runner', 'runner.json'],
    /there is a predictor "cortexA76cpu_tflite21" already; choose another name/,
  ],
])('%j is one line of explanation and exit code 1', async (args, message) => {
  const folder = folderWithRunner('good');
  const { code, stdout, stderr } = await nnMeter(args, folder, folderWith({}));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^nn-meter: error: [^\n]+\n$/);
  expect(stderr).toMatch(message);
});

test.each([
  [
    'offline',
    /invented does not measure any more: .*device offline.*\(the same command with --resume\) \(E_RUNNER\)/,
  ],
  ['nonsense', /invented does not measure any more: .*resume/],
])('a runner that is %s ends the build at once, and nothing is kept', async (mode, message) => {
  const folder = folderWithRunner(mode);
  const home = folderWith({});
  const run = await nnMeter([...BUILD, '--models', '10'], folder, home);
  expect(run.code).toBe(1);
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(message);
  expect(existsSync(join(home, 'data/predictors'))).toBe(false);
  expect(readdirSync(join(home, 'data/builds'))).toEqual(['mine.jsonl']);
});

test('a kept plugin that is damaged is one error, and holds no other up', async () => {
  const home = folderWith({});
  const plugin = join(home, 'data/predictors/mine@1.0');
  mkdirSync(plugin, { recursive: true });
  for (const name of ['device', 'manifest']) writeFileSync(join(plugin, `${name}.json`), '{');
  const run = await nnMeter(['--predictor', 'mine', '--torchvision', 'alexnet'], home, home);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(
    /mine@1\.0 is damaged: .*device\.json is not JSON; delete it and build it again/,
  );
  const other = await nnMeter(['--predictor', 'cortexa76', '--torchvision', 'alexnet'], home, home);
  expect(other.code).toBe(0);
  expect(other.stdout).toMatch(/other predictors on this machine are left out:\s+\S+mine@1\.0/);
});
