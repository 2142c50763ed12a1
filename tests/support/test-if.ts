import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@jest/globals';

export const onWindows = process.platform === 'win32';

/** Whether this user may make symbolic links, which takes a privilege on Windows. */
export const canLink = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-link-'));
  try {
    symlinkSync('target', join(folder, 'link'));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();

/** A test of file names that Windows has not. */
export const testNames = testIf(!onWindows, 'Windows has no such file names');

/** A test of symbolic links. */
export const testLinks = testIf(canLink, 'no symbolic links without a privilege');

/** A test, where a condition holds; elsewhere it counts as skipped, and its name says why. */
export function testIf(condition: boolean, reason: string) {
  return (name: string, body: () => void | Promise<void>, timeout?: number): void => {
    if (condition) test(name, body, timeout);
    else test.skip(`${name} (skipped: ${reason})`, body, timeout);
  };
}
