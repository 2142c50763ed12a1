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
/** Parts of equal number into which models are cut by their time per kernel, if none would have less than the least. */
const PARTS = 12;
const LEAST_MODELS_OF_PART = 50;

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
 * family counting the same. The width for known kernels is the quantile of the errors of held-out models of about the
 * same time per kernel; the growth with new kernels is the least that covers the unseen families,
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

type KnownWidths = Pick<IntervalWidths, 'known'>;

function knownWidths(measured: Float64Array, heldOut: readonly Residuals[]): KnownWidths {
  const samples = heldOut
    .flatMap((residuals) => samplesOf(measured, residuals))
    .map(({ error, parts }) => ({
      time: perKernelMs(parts),
      error: error - ESTIMATED * (parts.estimatedMs / parts.totalMs),
    }))
    .sort((a, b) => a.time - b.time);
  const count = samples.length;
  const parts = Math.max(1, Math.min(PARTS, Math.floor(count / LEAST_MODELS_OF_PART)));
  const known = Array.from({ length: parts }, (_, part) => {
    const start = Math.floor((part * count) / parts);
    const end = Math.floor(((part + 1) * count) / parts);
    const errors = samples.slice(start, end).map(({ error }) => error);
    // Those at the ends stand for all beyond them.
    const place = part === 0 ? 0 : part === parts - 1 ? count - 1 : (start + end) >> 1;
    return {
      perKernelMs: samples[place]!.time,
      width: Math.max(MIN_WIDTH, quantile(Float64Array.from(errors).sort())),
    };
  });
  return {
    known: known.filter(({ perKernelMs: time }, part) => time !== known[part - 1]?.perKernelMs),
  };
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
