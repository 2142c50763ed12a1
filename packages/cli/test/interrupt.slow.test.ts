import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { onWindows } from '../../../tests/support/test-if.ts';
import { BIN, folderWith, RESNET18 } from './run.ts';

const TINY = fileURLToPath(new URL('../../nn-meter-predictors/fixtures/tiny', import.meta.url));

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// Windows has no signals to send.
(onWindows ? describe.skip : describe).each(SIGNALS)('%s', (signal) => {
  const code = 128 + constants.signals[signal];

  test('leaves a whole JSON array of what was done so far', async () => {
    const many = new Array<string>(8000).fill(RESNET18);
    const child = spawn(process.execPath, [BIN, '--json', '--predictor', 'cortexa76', ...many], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout === '') child.kill(signal);
      stdout += text;
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(code);
    const elements: { latencyMs: number }[] = JSON.parse(stdout);
    expect(elements.length).toBeGreaterThan(0);
    expect(elements.length).toBeLessThan(many.length);
  });

  test('an import leaves no half of a predictor', async () => {
    const predictors = join(folderWith({}), 'data/predictors');
    mkdirSync(predictors, { recursive: true });
    const many = new Array<string>(200).fill(TINY);
    expect(await exitCodeOf(['predictors', 'import', ...many], predictors, '.partial-')).toBe(code);
    expect(readdirSync(predictors).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(existsSync(join(predictors, '../.lock'))).toBe(false);
  });

  test('an export leaves no half of a file', async () => {
    const folder = folderWith({});
    const models = Array.from({ length: 300 }, (_, index) => join(folder, `${index}.onnx`));
    for (const model of models) copyFileSync(RESNET18, model);
    expect(await exitCodeOf(['export', ...models], folder, '.nn-meter-')).toBe(code);
    const names = readdirSync(folder);
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
    expect(names.length).toBeLessThan(2 * models.length);
  });

  /** Sends the signal as soon as a file or folder that begins so appears. @returns the exit code */
  function exitCodeOf(args: readonly string[], folder: string, prefix: string): Promise<unknown> {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: folder,
      env: { ...process.env, NNMETER_HOME: join(folder, '../..') },
      stdio: 'ignore',
    });
    const timer = setInterval(() => {
      if (!readdirSync(folder).some((name) => name.startsWith(prefix))) return;
      child.kill(signal);
      clearInterval(timer);
    }, 1);
    return new Promise((resolve) => {
      child.on('close', (exitCode) => {
        clearInterval(timer);
        resolve(exitCode);
      });
    });
  }
});
