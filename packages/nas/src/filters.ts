import { NnMeterError, quote } from '@nnmeter/ir';
import type { Candidate } from './candidate.ts';
import type { SizeName } from './figures.ts';
import type { TableScorer } from './table-scorer.ts';

/** Decides before any training whether a candidate is worth it. Filters of one's own are objects with these two. */
export interface Filter {
  /** What it asks for, in words: `cortexA76cpu_tflite21 at most 52 ms`. */
  readonly text: string;
  /** How far a candidate is from passing, relative to the limit; 0 or less passes. */
  excess(candidate: Candidate): number;
}

export interface LatencyFilterOptions {
  /** Name or alias. */
  readonly device: string;
  /** At most so many ms. */
  readonly maxMs?: number;
  /** At least so many ms: candidates that are faster leave accuracy on the table. */
  readonly minMs?: number;
  /** What is held against the limits: the prediction (default), or the upper end of its interval. */
  readonly use?: 'point' | 'upper';
}

/**
 * A limit of latency on one device; give several filters for several devices.
 * @throws NnMeterError E_UNKNOWN_PREDICTOR, E_INVALID_INPUT for limits that are no positive numbers, or an interval that
 * the predictor does not have
 */
export function latencyFilter(scorer: TableScorer, options: LatencyFilterOptions): Filter {
  const { maxMs, minMs, use = 'point' } = options;
  const device = scorer.deviceOf(options.device);
  const { name, interval } = scorer.devices[device]!;
  if (use === 'upper' && interval === null) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `the predictor of ${name} tells no interval, so that its upper end is unknown`,
      { hint: 'use the prediction itself: point' },
    );
  }
  const what = use === 'upper' ? `upper end of ${name}` : name;
  const value = (candidate: Candidate): number =>
    use === 'upper' ? candidate.upperMs(device) : candidate.ms(device);
  return rangeFilter(what, ' ms', { min: minMs, max: maxMs }, value);
}

/** A limit of MACs, parameters or bytes of activations. */
export function sizeFilter(
  scorer: TableScorer,
  figure: SizeName,
  limits: { readonly min?: number | undefined; readonly max?: number | undefined },
): Filter {
  const at = scorer.layout.size(figure);
  return rangeFilter(figure, '', limits, ({ row }) => row[at]!);
}

function rangeFilter(
  what: string,
  unit: string,
  { min, max }: { readonly min?: number | undefined; readonly max?: number | undefined },
  value: (candidate: Candidate) => number,
): Filter {
  for (const limit of [min, max]) {
    if (limit === undefined || (Number.isFinite(limit) && limit > 0)) continue;
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `a limit of ${what} is a positive number, not ${limit}`,
    );
  }
  if (min === undefined && max === undefined)
    throw new NnMeterError('E_INVALID_INPUT', `the filter of ${quote(what)} has no limit`);
  if (min !== undefined && max !== undefined && min > max)
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${what} cannot be at least ${min} and at most ${max}`,
    );
  const parts = [
    ...(min === undefined ? [] : [`at least ${min}${unit}`]),
    ...(max === undefined ? [] : [`at most ${max}${unit}`]),
  ];
  return {
    text: `${what} ${parts.join(' and ')}`,
    excess(candidate) {
      const found = value(candidate);
      return Math.max(
        max === undefined ? Number.NEGATIVE_INFINITY : found / max - 1,
        min === undefined ? Number.NEGATIVE_INFINITY : 1 - found / min,
      );
    },
  };
}

/** Whether a candidate passes all filters. */
export function passes(filters: readonly Filter[], candidate: Candidate): boolean {
  for (const filter of filters) if (!(filter.excess(candidate) <= 0)) return false;
  return true;
}
