import {
  type IntervalWidths,
  type LatencyParts,
  perKernelMs,
  relativeWidth,
  widthParts,
} from '@nnmeter/latency-model';
import { partsOf, type Totals } from './evaluate.ts';

const LEVEL = 0.9;
/** A roofline estimate is taken to be right within a factor of two. */
const ESTIMATED = 1;
const MIN_WIDTH = 0.01;
const MAX_NOVEL = 3;
/** So that the model whose error sets a width is inside. */
const ROUNDED_UP = 1 + 1e-9;
/** Fewer models do not tell how the width depends on the time per kernel. */
const LEAST_MODELS_FOR_SLOPE = 200;
/** Neither absolute nor relative errors that are the same for all models are steeper than 1. */
const MAX_SLOPE = 2;

/** Predictions for models that the training behind them did not see. */
export interface Residuals {
  readonly totals: Totals;
  readonly models: readonly number[];
}

interface Sample {
  /** By what factor, less 1, prediction and measurement differ. */
  readonly error: number;
  readonly parts: LatencyParts;
}

/**
 * Widths such that the interval holds 90 % of the measurements of held-out models, and of models of unseen families, each
 * family counting the same. The width for known kernels is the quantile of held-out errors along the time per kernel
 * (linear quantile regression of logarithms); the growth with new kernels is the least that covers the unseen families,
 * to each of which the held-out models of its own are unknown.
 * @param heldOut predictions for models of known families, of one or more splits; at least one model
 * @param unseen families, each predicted by a training that did not see it; default: none, new kernels add no width
 */
export function calibrateInterval(
  measured: Float64Array,
  heldOut: readonly Residuals[],
  unseen: readonly Residuals[] = [],
): IntervalWidths {
  const growths = unseen.flatMap((family) => {
    const widths = knownWidths(measured, withoutModels(heldOut, family));
    return samplesOf(measured, family).map((sample) => ({
      growth: neededGrowth(sample, widths),
      weight: 1 / family.models.length,
    }));
  });
  return {
    level: LEVEL,
    ...knownWidths(measured, heldOut),
    novel: unseen.length === 0 ? 0 : weightedQuantile(growths, LEVEL * unseen.length),
    estimated: ESTIMATED,
  };
}

/** Share of the models whose measurement lies in the interval. */
export function coverage(
  measured: Float64Array,
  residuals: Residuals,
  widths: IntervalWidths,
): number {
  const samples = samplesOf(measured, residuals);
  const inside = samples.filter(({ error, parts }) => error <= relativeWidth(widths, parts));
  return inside.length / samples.length;
}

/** The same without a family; all, if it is the only one. */
export function withoutModels(
  heldOut: readonly Residuals[],
  { models: family }: Residuals,
): readonly Residuals[] {
  const own = new Set(family);
  const others = heldOut.map(({ totals, models }) => ({
    totals,
    models: models.filter((model) => !own.has(model)),
  }));
  return others.every(({ models }) => models.length === 0) ? heldOut : others;
}

function samplesOf(measured: Float64Array, { totals, models }: Residuals): Sample[] {
  return models.map((model) => {
    const parts = partsOf(totals, model);
    const ratio = measured[model]! / parts.totalMs;
    return { error: Math.max(ratio, 1 / ratio) - 1, parts };
  });
}

type KnownWidths = Pick<IntervalWidths, 'least' | 'greatest'>;

function knownWidths(measured: Float64Array, heldOut: readonly Residuals[]): KnownWidths {
  const samples = heldOut.flatMap((residuals) => samplesOf(measured, residuals));
  const places = Float64Array.from(samples, ({ parts }) => Math.log(perKernelMs(parts)));
  const errors = Float64Array.from(samples, ({ error, parts }) =>
    Math.log(Math.max(MIN_WIDTH, error - ESTIMATED * (parts.estimatedMs / parts.totalMs))),
  );
  const residuals = (slope: number): Float64Array =>
    errors.map((error, index) => error - slope * places[index]!);
  const slope =
    samples.length < LEAST_MODELS_FOR_SLOPE
      ? 0
      : minimum((candidate) => pinballLoss(residuals(candidate)), -MAX_SLOPE, MAX_SLOPE);
  const constant = quantile(residuals(slope).sort());
  const widthAt = (place: number): KnownWidths['least'] => ({
    perKernelMs: Math.exp(place),
    width: Math.max(MIN_WIDTH, ROUNDED_UP * Math.exp(constant + slope * place)),
  });
  const sorted = places.toSorted();
  return { least: widthAt(sorted[0]!), greatest: widthAt(sorted.at(-1)!) };
}

/** What new kernels have to add for a measurement to be inside; infinite if there are none. */
function neededGrowth({ error, parts }: Sample, widths: KnownWidths): number {
  const { known, novelty, estimated } = widthParts(widths, parts);
  const left = error - ESTIMATED * estimated;
  if (left <= known) return 0;
  return Math.sqrt(left ** 2 - known ** 2) / novelty;
}

/** The quantile that also holds for one more value of the same kind. */
function quantile(ascending: Float64Array): number {
  const rank = Math.ceil(LEVEL * (ascending.length + 1));
  return ascending[Math.min(rank, ascending.length) - 1]!;
}

/** Least where the quantile of the values lies at the right height; the smaller, the closer they are to it. */
function pinballLoss(values: Float64Array): number {
  const middle = quantile(values.sort());
  let loss = 0;
  for (const value of values)
    loss += value > middle ? LEVEL * (value - middle) : (1 - LEVEL) * (middle - value);
  return loss;
}

/** Where a convex function is least, to a thousandth. */
function minimum(of: (value: number) => number, least: number, greatest: number): number {
  let [low, high] = [least, greatest];
  while (high - low > 1e-3) {
    const third = (high - low) / 3;
    if (of(low + third) < of(high - third)) high -= third;
    else low += third;
  }
  return (low + high) / 2;
}

/** The least growth up to which so much weight is gathered. */
function weightedQuantile(
  growths: readonly { readonly growth: number; readonly weight: number }[],
  weight: number,
): number {
  let gathered = 0;
  for (const { growth, weight: own } of growths.toSorted((a, b) => a.growth - b.growth)) {
    gathered += own;
    if (gathered >= weight) return Math.min(MAX_NOVEL, growth);
  }
  return MAX_NOVEL;
}
