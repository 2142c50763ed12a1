import type { FusionRules } from '@nnmeter/kernel-detect';
import type { PredictorDefinition } from '@nnmeter/predictor';
import { upperMedian } from '@nnmeter/training';
import { nearestKnown } from './known-devices.ts';
import { measuredSet } from './measured-set.ts';
import type { PlannedModel } from './planned-model.ts';

/** Beyond so many robust standard deviations, and at least so much, a measurement is an outlier. */
const SIGMAS = 4;
const LEAST_OUTLIER = Math.log(1.3);
/** The standard deviation by the median absolute deviation, for normal errors. */
const SIGMA_BY_MAD = 1.4826;
/** Fewer models do not say which of them is wrong. */
const FEWEST = 8;

export interface Contradiction {
  readonly id: string;
  readonly ms: number;
  /** What the others say, ms. */
  readonly expectedMs: number;
}

/**
 * Models whose latencies the others contradict, the worst first: by the nearest known device, calibrated with all.
 * @param most factor between the latency and what is expected that is let pass; default: what is usual among them
 */
export function contradictions(
  models: readonly (Pick<PlannedModel, 'id' | 'graph'> & { readonly ms: number })[],
  rules: FusionRules,
  known: readonly PredictorDefinition[],
  most?: number,
): Contradiction[] {
  if (models.length < FEWEST) return [];
  const data = measuredSet('outliers', 'cpu', rules, models);
  const nearest = nearestKnown(known, data);
  if (nearest === undefined) return [];
  const { predicted } = nearest.totals;
  const errors = models.map(({ ms }, index) => Math.log(ms / predicted[index]!));
  const middle = upperMedian(errors);
  const spread = SIGMA_BY_MAD * upperMedian(errors.map((error) => Math.abs(error - middle)));
  const limit = most === undefined ? Math.max(LEAST_OUTLIER, SIGMAS * spread) : Math.log(most);
  return models
    .map(({ id, ms }, index) => {
      const deviation = Math.abs(errors[index]! - middle);
      return { id, ms, expectedMs: predicted[index]! * Math.exp(middle), deviation };
    })
    .filter(({ deviation }) => deviation > limit)
    .sort((a, b) => b.deviation - a.deviation)
    .map(({ id, ms, expectedMs }) => ({ id, ms, expectedMs }));
}
