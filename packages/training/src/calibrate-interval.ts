import type { IntervalWidths } from '@nnmeter/latency-model';
import type { Totals } from './evaluate.ts';

const LEVEL = 0.9;
/** A roofline estimate is taken to be right within a factor of two. */
const ESTIMATED = 1;
const MIN_WIDTH = 0.01;
const MAX_EXTRA = 3;
const EXTRA_STEP = 0.005;

/** Predictions for models that the training behind them did not see. */
export interface Residuals {
  readonly totals: Totals;
  readonly models: readonly number[];
}

/**
 * Widths such that the interval holds 90 % of the measurements of held-out models, and of models of unseen families.
 * The extra for unknown configurations is the least that covers the unseen families; given it, the quantiles of the
 * held-out residuals are the width where all is known.
 * @param heldOut predictions for models of known families, of one or more splits
 * @param unseen predictions for families by models that did not see the family
 */
export function calibrateInterval(
  measured: Float64Array,
  heldOut: readonly Residuals[],
  unseen: Residuals,
): IntervalWidths {
  let widths = knownWidths(measured, heldOut, 0);
  for (let step = 1; coverage(measured, unseen, widths) < LEVEL; step++) {
    if (step * EXTRA_STEP > MAX_EXTRA) break;
    widths = knownWidths(measured, heldOut, step * EXTRA_STEP);
  }
  return widths;
}

function knownWidths(
  measured: Float64Array,
  heldOut: readonly Residuals[],
  novel: number,
): IntervalWidths {
  const widths = { level: LEVEL, low: 0, high: 0, novel, estimated: ESTIMATED };
  const needed = (error: (ratio: number) => number): number => {
    const sorted = heldOut
      .flatMap(({ totals, models }) =>
        models.map((model) => {
          const ratio = measured[model]! / totals.predicted[model]!;
          return error(ratio) - extraOf(totals, model, widths);
        }),
      )
      .sort((a, b) => a - b);
    const rank = Math.ceil(((1 + LEVEL) / 2) * sorted.length) - 1;
    return Math.max(MIN_WIDTH, sorted[rank] ?? 0);
  };
  return { ...widths, low: needed((ratio) => 1 / ratio - 1), high: needed((ratio) => ratio - 1) };
}

function extraOf({ novel, estimated }: Totals, model: number, widths: IntervalWidths): number {
  return Math.sqrt(novel[model]!) * widths.novel + estimated[model]! * widths.estimated;
}

/** Share of the models whose measurement lies in the interval. */
export function coverage(
  measured: Float64Array,
  { totals, models }: Residuals,
  widths: IntervalWidths,
): number {
  const inside = models.filter((model) => {
    const extra = extraOf(totals, model, widths);
    const ratio = measured[model]! / totals.predicted[model]!;
    return ratio >= 1 / (1 + widths.low + extra) && ratio <= 1 + widths.high + extra;
  });
  return inside.length / models.length;
}
