import { NnMeterError } from '@nnmeter/ir';
import type { Candidate } from './candidate.ts';
import type { Genome, Sample } from './choices.ts';
import { sampleKey } from './choices.ts';
import { Drawing } from './drawing.ts';
import type { Evaluation, Evaluator } from './evaluator.ts';
import type { Filter } from './filters.ts';
import {
  type CandidateValues,
  costsOf,
  type Objective,
  PROXY,
  proxyValue,
  tableValues,
} from './objectives.ts';
import { paretoFronts } from './pareto.ts';
import { randomOfStep } from './sampling.ts';
import type { StrategyFactory } from './strategies/strategy.ts';
import type { TableScorer } from './table-scorer.ts';

/** A candidate that was evaluated: a line of the journal. */
export interface EvaluatedCandidate {
  /** Counts from 0, in the order in which the strategy asked for them. */
  readonly id: number;
  readonly sample: Sample;
  /** Latencies by device in ms, sizes, and what the evaluator answered. */
  readonly values?: CandidateValues;
  /** Why it could not be evaluated, in place of values. */
  readonly failed?: string;
}

/** Where evaluated candidates are kept, on disk as soon as they are added. */
export interface SearchRecord {
  /** What was evaluated before. */
  readonly lines: readonly EvaluatedCandidate[];
  add(candidate: EvaluatedCandidate): Promise<void>;
}

export interface SearchOptions {
  readonly scorer: TableScorer;
  /** With settled names, see `settleObjectives`. */
  readonly objectives: readonly Objective[];
  readonly filters: readonly Filter[];
  readonly strategy: StrategyFactory;
  readonly seed: number;
  /** Candidates to evaluate, those in the record included. */
  readonly evaluations: number;
  /** Who knows the objectives that the table does not; default nobody. */
  readonly evaluator?: Evaluator | undefined;
  readonly record?: SearchRecord | undefined;
  readonly onProgress?: (evaluated: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** So many candidates that fail one after another are the evaluator's fault. */
const MAX_FAILURES = 5;
/** Candidates between two moments at which other events are served. */
const BREATH = 256;

/**
 * Searches a space: a strategy asks, candidates over a limit are dropped before anybody evaluates them, what is left is
 * evaluated once. What happens follows from the options and the seed alone, however long evaluations take and however
 * often the search is interrupted: the strategy hears of candidates in the order in which it asked, as many later as
 * are evaluated at once.
 * @returns everything evaluated, in the order in which it was asked for; fewer than wanted if the space has no more
 * @throws NnMeterError E_EVALUATOR; E_INVALID_INPUT if the record is of another search; the signal's reason
 */
export async function search(options: SearchOptions): Promise<readonly EvaluatedCandidate[]> {
  const { scorer, objectives, filters, seed, evaluations, evaluator, record, signal } = options;
  const { choices } = scorer;
  const drawing = new Drawing(scorer, filters);
  const strategy = options.strategy({
    choices,
    objectives: objectives.length,
    draw: (random, accepts) => drawing.draw(random, accepts),
  });
  const known = new Map(record?.lines.map((line) => [line.id, line]));
  const seen = new Set<string>();
  const accepts = (genome: Genome): boolean =>
    !seen.has(sampleKey(genome)) && drawing.admits(genome);
  const parallel = Math.max(1, evaluator?.parallel ?? 1);
  const asked: { readonly genome: Genome; readonly done: Promise<EvaluatedCandidate> }[] = [];
  const finished: EvaluatedCandidate[] = [];
  let failures = 0;

  async function hear(): Promise<void> {
    const { genome, done } = asked[finished.length]!;
    const line = await done;
    finished.push(line);
    options.onProgress?.(finished.length);
    strategy.tell(genome, line.values === undefined ? null : costsOf(objectives, line.values));
    failures = line.failed === undefined ? 0 : failures + 1;
    if (failures < MAX_FAILURES) return;
    throw new NnMeterError(
      'E_EVALUATOR',
      `${failures} candidates in a row could not be evaluated, the last because ${line.failed}`,
      { hint: 'put the evaluator right, and resume the search' },
    );
  }

  try {
    for (let id = 0; id < evaluations; id++) {
      if (id >= parallel) await hear();
      if (id % BREATH === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      const genome = strategy.ask(randomOfStep(seed, id), accepts);
      if (genome === undefined) break;
      const candidate = drawing.candidate(genome);
      seen.add(candidate.key);
      const done = evaluateOnce(id, candidate, known.get(id), options);
      // What fails while others are waited for is thrown when its turn comes.
      done.catch(() => {});
      asked.push({ genome, done });
    }
    while (finished.length < asked.length) await hear();
  } catch (error) {
    // What is under way is still written down.
    await Promise.allSettled(asked.map(({ done }) => done));
    throw error;
  }
  return finished;
}

async function evaluateOnce(
  id: number,
  candidate: Candidate,
  known: EvaluatedCandidate | undefined,
  { evaluator, objectives, record, scorer, signal }: SearchOptions,
): Promise<EvaluatedCandidate> {
  const { sample } = candidate;
  if (known !== undefined) {
    if (JSON.stringify(known.sample) === JSON.stringify(sample)) return known;
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `the journal has another candidate ${id} than this search: it was written by another version, or changed`,
      { hint: 'begin a new journal' },
    );
  }
  const values = tableValues(candidate);
  const space = scorer.table.space.name;
  const usesProxy = objectives.some(({ name }) => name === PROXY);
  const evaluation: Evaluation = evaluator
    ? await evaluator.evaluate({ id, space, sample, values }, signal)
    : { values: {} };
  const line: EvaluatedCandidate =
    'failed' in evaluation
      ? { id, sample, failed: evaluation.failed }
      : {
          id,
          sample,
          values: {
            ...evaluation.values,
            ...values,
            ...(usesProxy && { [PROXY]: proxyValue(candidate) }),
          },
        };
  if (line.values !== undefined) costsOf(objectives, line.values);
  await record?.add(line);
  return line;
}

/** The first Pareto fronts of what was evaluated, each by its first objective, the best first. */
export function searchFronts(
  candidates: readonly EvaluatedCandidate[],
  objectives: readonly Objective[],
  count: number,
): EvaluatedCandidate[][] {
  const scored = candidates.flatMap((candidate) =>
    candidate.values === undefined
      ? []
      : [{ candidate, costs: costsOf(objectives, candidate.values) }],
  );
  return paretoFronts(scored, ({ costs }) => costs, count).map((front) =>
    front.map(({ candidate }) => candidate),
  );
}
