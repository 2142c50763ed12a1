import { test } from '@jest/globals';

/** A test, where a condition holds; elsewhere it counts as skipped, and its name says why. */
export function testIf(condition: boolean, reason: string) {
  return (name: string, body: () => void | Promise<void>, timeout?: number): void => {
    if (condition) test(name, body, timeout);
    else test.skip(`${name} (skipped: ${reason})`, body, timeout);
  };
}
