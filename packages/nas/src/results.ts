import { NnMeterError } from '@nnmeter/ir';
import type { LatencyPredictor, LatencyReport } from '@nnmeter/predictor';
import { csvRow } from '@nnmeter/report';
import type { CandidateValues, Objective } from './objectives.ts';
import { type EvaluatedCandidate, searchFronts } from './search.ts';
import type { SearchSpace } from './space.ts';

/** A candidate to train or to measure for good. */
export interface Finalist {
  readonly id: number;
  /** 1 is the Pareto front, 2 the front without it, and so on. */
  readonly front: number;
  readonly sample: EvaluatedCandidate['sample'];
  readonly values: CandidateValues;
}

/** What a search found. */
export interface SearchResult {
  readonly space: string;
  readonly objectives: readonly Objective[];
  /** In words. */
  readonly limits: readonly string[];
  readonly evaluated: number;
  readonly failed: number;
  /** How many candidates each of the first fronts has. */
  readonly frontSizes: readonly number[];
  /** Members of these fronts, front by front; of a large one some that are spread over it. */
  readonly finalists: readonly Finalist[];
}

/** Fronts that are reported unless another number is asked for: the best by prediction need not be the best. */
export const FRONTS = 4;
/** Members of one front that are reported. */
const MOST_OF_FRONT = 50;

/**
 * What a search found: the first Pareto fronts of what was evaluated.
 * @throws NnMeterError E_INVALID_INPUT if nothing could be evaluated
 */
export function searchResult(
  header: Pick<SearchResult, 'space' | 'objectives' | 'limits'>,
  candidates: readonly EvaluatedCandidate[],
  fronts: number = FRONTS,
): SearchResult {
  const { space, objectives, limits } = header;
  const found = searchFronts(candidates, objectives, fronts);
  const finalists = found.flatMap((front, index) =>
    spread(front, MOST_OF_FRONT).map(({ id, sample, values }) => ({
      ...{ id, front: index + 1, sample, values: values! },
    })),
  );
  const failed = candidates.filter((candidate) => candidate.values === undefined).length;
  if (finalists.length === 0)
    throw new NnMeterError('E_INVALID_INPUT', 'there is no candidate that could be evaluated');
  const frontSizes = found.map((front) => front.length);
  return { space, objectives, limits, evaluated: candidates.length, failed, frontSizes, finalists };
}

/** So many members of a list, evenly spaced from its first to its last. */
export function spread<T>(list: readonly T[], count: number): readonly T[] {
  if (list.length <= count) return list;
  const step = (list.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, place) => list[Math.round(place * step)]!);
}

/** Full reports of a finalist's network on every device: interval and breakdown. */
export function finalistReports(
  space: SearchSpace,
  { sample }: Finalist,
  predictors: readonly LatencyPredictor[],
): readonly LatencyReport[] {
  const graph = space.build(sample);
  return predictors.map((predictor) => predictor.predictGraph(graph));
}

/** Finalists as CSV: front, id, values, then the labels of samples. */
export function finalistsCsv({ finalists }: SearchResult): string {
  const namesOf = (part: 'values' | 'sample'): string[] => [
    ...new Set(finalists.flatMap((finalist) => Object.keys(finalist[part]))),
  ];
  const [values, labels] = [namesOf('values'), namesOf('sample')];
  const rows = finalists.map(({ front, id, values: known, sample }) => [
    front,
    id,
    ...values.map((name) => known[name]),
    ...labels.map((label) => sample[label]),
  ]);
  return [['front', 'id', ...values, ...labels], ...rows].map((row) => `${csvRow(row)}\n`).join('');
}
