import { isMeasurement } from '@nnmeter/latency-model';
import type { RunnerResult } from '@nnmeter/runners';

/** What of a model tells a possible latency from an impossible one. */
export interface ModelSize {
  readonly macs: number;
  readonly nodes: number;
}

/** No processor multiplies as many numbers in a ms, one image at a time: 20 million million a second. */
const MOST_MACS_PER_MS = 2e10;
/** Nor goes through so many operations, one after the other: graphics processors start a kernel in 2 us. */
const MOST_NODES_PER_MS = 4_000;
/** Clocks differ, and threads have CPU time each. */
const LEAST_TIME_SHARE = 0.5;

/**
 * Why a result cannot be what was measured; undefined if it can.
 * @param tookMs from the request to the result
 */
export function impossibility(
  { ms, medianMs, runs }: RunnerResult,
  { macs, nodes }: ModelSize,
  { tookMs, threads }: { readonly tookMs: number; readonly threads: number },
): string | undefined {
  if (!isMeasurement(ms)) return `${ms} ms were reported`;
  if (!isMeasurement(medianMs) || medianMs < ms * (1 - 1e-9))
    return `a median of ${medianMs} ms was reported and a minimum of ${ms} ms`;
  if (!(runs >= 1)) return `${runs} runs were reported`;
  if (ms * runs * LEAST_TIME_SHARE > tookMs * threads) {
    return `${runs} runs of ${ms} ms were reported after ${Math.round(tookMs)} ms: is the unit right?`;
  }
  if (macs / ms > MOST_MACS_PER_MS || nodes / ms > MOST_NODES_PER_MS) {
    return `${ms} ms were reported for ${(macs / 1e6).toPrecision(3)} million multiply-accumulates in ${nodes} operations, which nothing does: is the unit right?`;
  }
  return undefined;
}
