import { familyOf } from '@nnmeter/dataset';
import {
  type LatencyMetrics,
  latencyMetrics,
  median,
  type RankCorrelation,
  rankCorrelation,
} from '@nnmeter/latency-model';
import type { Comparison } from './comparison.ts';

/** Errors of a predictor on a set of models. */
export interface Accuracy extends LatencyMetrics {
  /** Share of measurements inside the predicted interval; null if the predictor gives none. */
  readonly intervalCoverage: number | null;
}

/** How a predictor does on a dataset: what `eval --json` prints. */
export interface Evaluation extends Accuracy {
  readonly predictor: string;
  readonly version: string;
  /** Path as given. */
  readonly dataset: string;
  /** Of the dataset, if the measurements are not listed under the predictor's name. */
  readonly column?: string;
  /** What all predictions were multiplied by, the median of measured by predicted; absent if they are as they were. */
  readonly scale?: number;
  /** Of the order of the models; null where it is undefined, for fewer than two models or equal ones. */
  readonly ranks: { readonly [Name in keyof RankCorrelation]: number | null };
  readonly families: Readonly<Record<string, Accuracy>>;
  readonly worst: readonly WorstModel[];
}

export interface WorstModel {
  readonly id: string;
  readonly measuredMs: number;
  readonly predictedMs: number;
  /** (predicted - measured) / measured */
  readonly error: number;
}

/** Number of worst models listed. */
const WORST = 10;

/** The comparisons with all predictions multiplied by the median of measured by predicted, which no interval is for. */
export function fitScale(comparisons: readonly Comparison[]): {
  readonly scale: number;
  readonly comparisons: readonly Comparison[];
} {
  const scale = median(comparisons.map(({ measured, predicted }) => measured / predicted));
  return {
    scale,
    comparisons: comparisons.map(({ inInterval: _, predicted, ...comparison }) => ({
      ...comparison,
      predicted: scale * predicted,
      inInterval: undefined,
    })),
  };
}

/** Sums up at least one comparison. */
export function evaluate(
  predictor: { readonly name: string; readonly version: string },
  dataset: string,
  comparisons: readonly Comparison[],
  { column, scale }: Pick<Evaluation, 'column' | 'scale'> = {},
): Evaluation {
  const families: Record<string, Accuracy> = Object.create(null);
  for (const [family, members] of groupByFamily(comparisons)) families[family] = accuracy(members);
  const { name, version } = predictor;
  const { spearman, kendall } = rankCorrelation(
    comparisons.map(({ predicted }) => predicted),
    comparisons.map(({ measured }) => measured),
  );
  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    predictor: name,
    version,
    dataset,
    ...(column !== undefined && { column }),
    ...(scale !== undefined && { scale }),
    ranks: { spearman: orNull(spearman), kendall: orNull(kendall) },
    ...accuracy(comparisons),
    families,
    worst: worst(comparisons),
  };
}

/** Comparisons by family, the names sorted. */
export function groupByFamily(
  comparisons: readonly Comparison[],
): ReadonlyMap<string, readonly Comparison[]> {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const family = familyOf(comparison.id);
    const members = groups.get(family);
    if (members === undefined) groups.set(family, [comparison]);
    else members.push(comparison);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** (predicted - measured) / measured */
function relativeError({ measured, predicted }: Comparison): number {
  return (predicted - measured) / measured;
}

function accuracy(comparisons: readonly Comparison[]): Accuracy {
  const known = comparisons.filter(({ inInterval }) => inInterval !== undefined);
  const inside = known.filter(({ inInterval }) => inInterval).length;
  return {
    ...latencyMetrics(
      comparisons.map(({ predicted }) => predicted),
      comparisons.map(({ measured }) => measured),
    ),
    intervalCoverage: known.length === 0 ? null : inside / known.length,
  };
}

function worst(comparisons: readonly Comparison[]): readonly WorstModel[] {
  return comparisons
    .map((comparison) => ({
      id: comparison.id,
      measuredMs: comparison.measured,
      predictedMs: comparison.predicted,
      error: relativeError(comparison),
    }))
    .sort((a, b) => Math.abs(b.error) - Math.abs(a.error))
    .slice(0, WORST);
}
