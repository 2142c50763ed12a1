import type { IntervalWidths } from '@nnmeter/predictor';
import type { Totals } from './evaluate.ts';

const LEVEL = 0.9;
/** A roofline estimate is taken to be right within a factor of two. */
const ESTIMATED = 1;
/** Widest share of held-out models of known families that an interval may cover. */
const MOST_COVERAGE = 0.93;

/**
 * Widths such that the interval holds 90 % of the measurements of held-out models and of unseen families. The spread on
 * held-out models gives the width where all configurations are known; the extra for unknown ones, and if that is not
 * enough a factor on the width, are raised until the unseen families are covered too.
 * @param heldOut predictions for models of known families that training did not see
 * @param unseen predictions for families by models that did not see the family
 */
export function calibrateInterval(
  measured: Float64Array,
  heldOut: { totals: Totals; models: readonly number[] },
  unseen: { totals: Totals; models: readonly number[] },
): IntervalWidths {
  const ratios = heldOut.models
    .map((model) => measured[model]! / heldOut.totals.predicted[model]!)
    .sort((a, b) => a - b);
  const quantile = (share: number): number =>
    ratios[Math.min(ratios.length - 1, Math.floor(share * ratios.length))]!;
  const low = Math.max(0.01, 1 / quantile((1 - LEVEL) / 2) - 1);
  const high = Math.max(0.01, quantile((1 + LEVEL) / 2) - 1);

  let widths: IntervalWidths = { level: LEVEL, low, high, novel: 0, estimated: ESTIMATED };
  for (let factor = 1; factor < 3; factor *= 1.02) {
    const wider = { ...widths, low: low * factor, high: high * factor };
    if (factor > 1 && coverage(measured, heldOut, wider) > MOST_COVERAGE) break;
    for (let novel = 0; novel <= 2; novel += 0.02) {
      widths = { ...wider, novel };
      if (coverage(measured, unseen, widths) >= LEVEL) return widths;
    }
  }
  return widths;
}

/** Share of the models whose measurement lies in the interval. */
export function coverage(
  measured: Float64Array,
  { totals, models }: { totals: Totals; models: readonly number[] },
  widths: IntervalWidths,
): number {
  let inside = 0;
  for (const model of models) {
    const extra = totals.novel[model]! * widths.novel + totals.estimated[model]! * widths.estimated;
    const ratio = measured[model]! / totals.predicted[model]!;
    if (ratio >= 1 / (1 + widths.low + extra) && ratio <= 1 + widths.high + extra) inside++;
  }
  return inside / models.length;
}
