import { expect } from '@jest/globals';

const FEW = 4_000;
const MANY = 100_000;
/** 25-fold with room for caches and garbage collection; quadratic growth is 625-fold. */
const MAX_GROWTH = 40;
/** Shorter times are noise; quadratic work on MANY items takes seconds. */
const MIN_MS = 50;

/** A small and a large one of what is tested. */
export function inTwoSizes<T>(make: (size: number) => T): readonly [few: T, many: T] {
  return [make(FEW), make(MANY)];
}

/** Asserts that `run` does not take quadratic time in the size of what it is given, by the processor time of both sizes. */
export function expectLinearTime<T>(
  [small, large]: readonly [T, T],
  run: (made: T) => unknown,
): void {
  run(small); // Compiles it.
  const few = processorMs(small, run);
  const many = processorMs(large, run);
  expect(many / Math.max(few, MIN_MS)).toBeLessThan(MAX_GROWTH);
}

function processorMs<T>(made: T, run: (made: T) => unknown): number {
  const before = process.cpuUsage();
  run(made);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
