import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';

/** Gives every test an NNMETER_HOME of its own. @returns a function that says where it is */
export function useTemporaryHome(): () => string {
  let home = '';
  const before = { NNMETER_HOME: process.env.NNMETER_HOME, HOME: process.env.HOME };
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'nn-meter-home-'));
    process.env.NNMETER_HOME = home;
    process.env.HOME = home;
  });
  afterEach(() => {
    rmSync(home, { recursive: true });
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  return () => home;
}
