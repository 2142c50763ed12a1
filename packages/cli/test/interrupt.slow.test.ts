import { spawn } from 'node:child_process';
import { expect } from '@jest/globals';
import { onWindows, testIf } from '../../../tests/support/test-if.ts';
import { BIN, RESNET18 } from './run.ts';

testIf(!onWindows, 'Windows has no signals to send')(
  'Ctrl-C leaves a whole JSON array of what was done so far',
  async () => {
    const many = new Array<string>(2000).fill(RESNET18);
    const child = spawn(process.execPath, [BIN, '--json', '--predictor', 'cortexa76', ...many], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout === '') child.kill('SIGINT');
      stdout += text;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(130);
    const elements: { latencyMs: number }[] = JSON.parse(stdout);
    expect(elements.length).toBeGreaterThan(0);
    expect(elements.length).toBeLessThan(many.length);
  },
);
