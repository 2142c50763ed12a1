import { describe, expect, test } from '@jest/globals';
import {
  type IntervalWidths,
  type KernelPrediction,
  type LatencyParts,
  latencyInterval,
  sumOfParts,
} from '@nnmeter/latency-model';

const WIDTHS: IntervalWidths = {
  level: 0.9,
  known: [
    { perKernelMs: 0.1, width: 0.02 },
    { perKernelMs: 10, width: 0.08 },
    { perKernelMs: 20, width: 0.05 },
  ],
  novel: 0.06,
  estimated: 1,
};

/** 20 ms in 20 kernels, all known. */
const KNOWN: LatencyParts = { totalMs: 20, kernels: 20, novelMs: 0, estimatedMs: 0 };

const widthOf = (changes: Partial<LatencyParts>): number => {
  const parts = { ...KNOWN, ...changes };
  const { low, high, level } = latencyInterval(WIDTHS, parts)!;
  expect(level).toBe(0.9);
  expect(parts.totalMs / low).toBeCloseTo(high / parts.totalMs, 12);
  return high / parts.totalMs - 1;
};

describe('how wide an interval is', () => {
  test('follows the time per kernel, no further than it was measured', () => {
    expect(widthOf({ kernels: 200 })).toBeCloseTo(0.02, 12);
    // Half way between 0.1 and 10 ms, in logarithms.
    expect(widthOf({ kernels: 20 })).toBeCloseTo(0.04, 12);
    expect(widthOf({ kernels: 2 })).toBeCloseTo(0.08, 12);
    expect(widthOf({ kernels: 1 })).toBeCloseTo(0.05, 12);
    expect(widthOf({ kernels: 1, totalMs: 30 })).toBeCloseTo(0.05, 12);
    expect(widthOf({ kernels: 20_000 })).toBeCloseTo(0.02, 12);
  });

  test('grows with what is new, and with what is estimated', () => {
    expect(widthOf({ novelMs: 20 })).toBeCloseTo(Math.hypot(0.04, 0.06), 12);
    expect(widthOf({ novelMs: 5 })).toBeCloseTo(Math.hypot(0.04, 0.03), 12);
    expect(widthOf({ estimatedMs: 10 })).toBeCloseTo(0.54, 12);
  });

  test('grows faster with what is new where kernels are shorter than any that were measured', () => {
    const kernels = 200 * Math.E;
    expect(widthOf({ novelMs: 20, kernels })).toBeCloseTo(Math.hypot(0.02, 2 * 0.06), 12);
  });

  test('is one width where all measured models took the same time per kernel', () => {
    const widths = { ...WIDTHS, known: WIDTHS.known.slice(0, 1) };
    expect(latencyInterval(widths, KNOWN)!.high).toBeCloseTo(20 * 1.02, 12);
  });
});

test('nothing has no interval, nor has a device without widths', () => {
  expect(latencyInterval(WIDTHS, sumOfParts(0, []))).toBeNull();
  expect(latencyInterval(null, KNOWN)).toBeNull();
  // A start-up alone is a time, of what counts as one kernel.
  expect(latencyInterval(WIDTHS, sumOfParts(1, []))!.high).toBeGreaterThan(1);
});

test('parts of two halves add up to those of the whole', () => {
  const kernels: KernelPrediction[] = [
    { latencyMs: 4, basis: 'measured', estimatedMs: 0 },
    { latencyMs: 3, basis: 'estimated', estimatedMs: 1, novel: 0.5 },
    { latencyMs: 2, basis: 'measured', estimatedMs: 0, novel: 1 },
  ];
  const whole = sumOfParts(0.5, kernels);
  expect(whole).toMatchObject({ totalMs: 9.5, kernels: 3, novelMs: 3, estimatedMs: 1 });
  const [first, rest] = [sumOfParts(0.5, kernels.slice(0, 1)), sumOfParts(0, kernels.slice(1))];
  for (const part of ['totalMs', 'kernels', 'novelMs', 'estimatedMs'] as const)
    expect(first[part] + rest[part]).toBe(whole[part]);
});
