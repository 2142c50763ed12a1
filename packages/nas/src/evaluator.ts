import type { Sample } from './choices.ts';
import type { CandidateValues } from './objectives.ts';

/** What an evaluator is asked: one JSON line. */
export interface EvaluationRequest {
  /** Counts from 0. */
  readonly id: number;
  readonly space: string;
  readonly sample: Sample;
  /** What the table says of it: latencies by device in ms, MACs, parameters, bytes of activations. */
  readonly values: CandidateValues;
}

/** What came of it. */
export type Evaluation =
  | { readonly values: CandidateValues }
  /** This candidate cannot be evaluated, and why. */
  | { readonly failed: string };

/** Says what candidates are worth: trains, or looks up. */
export interface Evaluator {
  /** For messages. */
  readonly name: string;
  /** How many candidates it takes at once. */
  readonly parallel: number;
  /**
   * Evaluates one candidate.
   * @throws NnMeterError E_EVALUATOR if the evaluator itself is not to be trusted any more
   */
  evaluate(request: EvaluationRequest, signal?: AbortSignal): Promise<Evaluation>;
  /** @throws NnMeterError E_EVALUATOR if it said what it was not asked */
  close(): Promise<void>;
}

/**
 * What comes of a candidate that is tried again when it fails: its values, or why it failed last.
 * @throws what `attempt` throws; the signal's reason
 */
export async function withRetries(
  { retries = 1 }: EvaluationLimits,
  signal: AbortSignal | undefined,
  attempt: () => Promise<Evaluation>,
): Promise<Evaluation> {
  for (let left = retries; ; left--) {
    signal?.throwIfAborted();
    const evaluation = await attempt();
    if ('values' in evaluation || left <= 0) return evaluation;
  }
}

/** How failures of single candidates are dealt with. */
export interface EvaluationLimits {
  /** Time for one candidate, ms. */
  readonly timeoutMs: number;
  /** How often a candidate that failed is tried again; default 1. */
  readonly retries?: number;
}
