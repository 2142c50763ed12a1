import { NnMeterError, quote } from '@nnmeter/ir';
import type { LayerTime, RunnerResult } from './runner.ts';

/** Milliseconds of one run each. */
export interface Samples {
  readonly wallMs: readonly number[];
  /** Processor time of the same runs, where it is known and one thread ran them. */
  readonly cpuMs?: readonly number[];
}

/** No two runs of one model differ so much. */
const MAX_RATIO = 1000;

/** @throws NnMeterError E_RUNNER if there are none, one is no time, or they contradict each other */
export function resultOf({ wallMs, cpuMs }: Samples): RunnerResult {
  const wall = summarize(wallMs);
  if (cpuMs === undefined) {
    return { ms: wall.minimum, medianMs: wall.median, runs: wallMs.length };
  }
  const cpu = summarize(cpuMs);
  const { length: runs } = cpuMs;
  return { ms: cpu.minimum, medianMs: cpu.median, wallMs: wall.minimum, runs };
}

function summarize(samples: readonly number[]): { minimum: number; median: number } {
  if (samples.length === 0) throw new NnMeterError('E_RUNNER', 'nothing was measured');
  for (const ms of samples) requireTime(ms);
  const sorted = [...samples].sort((a, b) => a - b);
  const [minimum, median] = [sorted[0]!, sorted[sorted.length >> 1]!];
  requireConsistent(minimum, median);
  return { minimum, median };
}

/** @throws NnMeterError E_RUNNER unless it is a time */
export function requireTime(ms: number): void {
  if (Number.isFinite(ms) && ms > 0) return;
  throw new NnMeterError('E_RUNNER', `${ms} ms is no latency of a model`);
}

/** @throws NnMeterError E_RUNNER if two times of one model cannot both be true */
export function requireConsistent(first: number, second: number): void {
  if (Math.max(first, second) <= MAX_RATIO * Math.min(first, second)) return;
  throw new NnMeterError(
    'E_RUNNER',
    `the same model took ${first} ms and ${second} ms, which differ more than a thousandfold`,
    { hint: 'check the units, and that nothing else keeps the device busy' },
  );
}

/** What a layer's share may be off, beside what the runtime itself takes around layers. */
const LOST_SHARE = 0.5;
const AROUND_LAYERS_MS = 0.5;
/** Measuring layers makes them slower, and means are above minima; not so much. */
const MAX_LAYERS_RATIO = 20;

/** @throws NnMeterError E_RUNNER if one has no time, or together they are far from what the model takes */
export function requireLayers(layers: readonly LayerTime[], ms: number): readonly LayerTime[] {
  let sum = 0;
  for (const layer of layers) {
    if (!Number.isFinite(layer.ms) || layer.ms < 0) {
      throw new NnMeterError('E_RUNNER', `${layer.ms} ms is no time of layer ${quote(layer.name)}`);
    }
    sum += layer.ms;
  }
  if (sum > MAX_LAYERS_RATIO * ms || sum < LOST_SHARE * ms - AROUND_LAYERS_MS) {
    throw new NnMeterError(
      'E_RUNNER',
      `its ${layers.length} layers take ${sum} ms together, but the model ${ms} ms: layers are missing, or in another unit`,
    );
  }
  return layers;
}
