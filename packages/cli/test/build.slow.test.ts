import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { onWindows, testIf } from '../../../tests/support/test-if.ts';
import { BIN, folderWith, nnMeterProcess, type Prediction, parseOutput, RESNET18 } from './run.ts';

const BENCHMARK = fileURLToPath(new URL('./support/benchmark.js', import.meta.url));
const RUNNER = JSON.stringify({
  name: 'invented',
  format: 'onnx',
  command: [process.execPath, BENCHMARK, '{model}', '{runs}'],
  latency: { regexp: '^best: ([\\d.e-]+) ms', unit: 'ms' },
  facts: { runtime: 'ours' },
});

/** The models end it, unless the machine is very busy. */
const BUDGET = ['--models', '14', '--minutes', '6'];
const ARGUMENTS = ['build', '--name', 'mine', '--runner', 'runner.json', ...BUDGET];

interface Built {
  readonly predictor: string;
  readonly output: string;
  readonly heldOut: { readonly count: number };
}

testIf(!onWindows, 'Windows has no signals')(
  'Ctrl-C, then --resume: a predictor that is found by its name, replaced by none, and removed',
  async () => {
    const home = folderWith({ 'runner.json': RUNNER });
    const journal = join(home, 'data/builds/mine.jsonl');
    const child = spawn(process.execPath, [BIN, ...ARGUMENTS], {
      cwd: home,
      env: { ...process.env, NNMETER_HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const measured = (): number =>
      existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 2 : 0;
    const timer = setInterval(() => {
      if (measured() < 6) return;
      child.kill('SIGINT');
      clearInterval(timer);
    }, 20);
    const [code] = await once(child, 'close');
    clearInterval(timer);
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /what was measured is in .*mine\.jsonl; go on with the same command and --resume/,
    );
    const before = measured();

    const again = await nnMeterProcess(ARGUMENTS, home, home);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(
      /mine\.jsonl" is there already.*\(the same command with --resume\)/,
    );
    const other = await nnMeterProcess([...ARGUMENTS, '--resume', '--seed', '7'], home, home);
    expect(other.stderr).toMatch(/is the journal of another build: its seed is 1, here it is 7/);

    const run = await nnMeterProcess([...ARGUMENTS, '--resume', '--json'], home, home);
    expect(run.stderr).toMatch(/measuring models, \d+ (s|min) to go/);
    expect(run.code).toBe(0);
    const [built] = parseOutput<Built>('build', run.stdout);
    expect(measured()).toBeGreaterThan(before);
    expect(built!.output).toBe(join(home, 'data/predictors/mine@1.0'));
    expect(readdirSync(built!.output)).toContain('report.html');

    const predicted = await nnMeterProcess(['--predictor', 'mine', '--json', RESNET18], home, home);
    const [prediction] = parseOutput<Prediction>('predict', predicted.stdout);
    expect(prediction).toMatchObject({ predictor: 'mine', version: '1.0' });
    // 1.8 thousand million multiply-accumulates, 4e8 a ms; fourteen models tell it within a factor of four.
    expect(prediction!.latencyMs).toBeGreaterThan(1.1);
    expect(prediction!.latencyMs).toBeLessThan(18);

    const taken = await nnMeterProcess(ARGUMENTS, home, home);
    expect(taken.stderr).toMatch(/there is a predictor "mine" already; choose another name/);
    const listed = await nnMeterProcess(['predictors', 'list'], home, home);
    expect(listed.stdout).toContain('mine');
    const removed = await nnMeterProcess(
      ['unregister', '--predictor', 'mine', '--json'],
      home,
      home,
    );
    expect(parseOutput('stored', removed.stdout)).toMatchObject([
      { name: 'mine', state: 'removed' },
    ]);
    expect(existsSync(built!.output)).toBe(false);
  },
  400_000,
);

test('with --output the plugin is a package that npm would install, and is not among the predictors', async () => {
  const home = folderWith({ 'runner.json': RUNNER });
  const run = await nnMeterProcess(
    [...ARGUMENTS, '--output', 'plugin', '--journal', 'mine.jsonl'],
    home,
    home,
  );
  expect(run).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/error/) });
  expect(run.stdout).toMatch(/use it with: npm install plugin/);
  expect(existsSync(join(home, 'data/predictors'))).toBe(false);
  expect(existsSync(join(home, 'mine.jsonl'))).toBe(true);
  const inside = await nnMeterProcess(
    ['--predictor', 'mine', '--json', RESNET18],
    join(home, 'plugin'),
    home,
  );
  expect(parseOutput<Prediction>('predict', inside.stdout)[0]!.predictor).toBe('mine');
}, 400_000);
