import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { importNnMeterPredictor, predictorSource } from '@nnmeter/nn-meter-predictors';
import { TINY } from './support/fixtures.ts';
import { useTemporaryHome } from './support/home.ts';

const home = useTemporaryHome();
const stored = () => readdirSync(join(home(), 'data/predictors'));

/** Runs a module that has the package's functions in a process of its own. @returns its exit code and what it said */
function inProcess(code: string): Promise<{ code: number | null; stderr: string }> {
  const from = JSON.stringify(import.meta.resolve('@nnmeter/nn-meter-predictors'));
  const source = `import * as nnMeter from ${from}; ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, NNMETER_HOME: home() },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

test('8 processes that import one predictor at once all succeed, and so does who loads it', async () => {
  await importNnMeterPredictor(TINY, { name: 'phone' });
  const importing = `
    for (let time = 0; time < 5; time++)
      await nnMeter.importNnMeterPredictor(${JSON.stringify(TINY)}, { name: 'phone', version: '1.0' });`;
  const loading = `
    for (let time = 0; time < 20; time++)
      await nnMeter.predictorSource.load('phone', '1.0');`;
  const runs = [...new Array<string>(8).fill(importing), loading];
  const results = await Promise.all(runs.map((code) => inProcess(code)));
  expect(results).toEqual(runs.map(() => ({ code: 0, stderr: '' })));
  expect(stored()).toEqual(['phone@1.0']);
  expect((await predictorSource.load('phone', '1.0'))?.name).toBe('phone');
  expect(existsSync(join(home(), 'data/.lock'))).toBe(false);
});

test('the lock of a process that is gone does not hold up the next', async () => {
  const lock = join(home(), 'data/.lock');
  mkdirSync(lock, { recursive: true });
  utimesSync(lock, 0, 0);
  await importNnMeterPredictor(TINY, { name: 'phone' });
  expect(stored()).toEqual(['phone@1.0']);
});

test('what killed imports have left is deleted once it is old', async () => {
  const folder = join(home(), 'data/predictors');
  for (const name of ['.partial-old', '.partial-old.old', '.partial-new']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const yesterday = Date.now() / 1000 - 25 * 60 * 60;
  for (const name of ['.partial-old', '.partial-old.old']) {
    utimesSync(join(folder, name), yesterday, yesterday);
  }
  await importNnMeterPredictor(TINY, { name: 'phone' });
  expect(stored().sort()).toEqual(['.partial-new', 'phone@1.0']);
});
