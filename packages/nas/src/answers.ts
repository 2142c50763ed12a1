import { NnMeterError } from '@nnmeter/ir';
import type { Evaluation } from './evaluator.ts';

/** Characters that error messages quote. */
const QUOTED = 200;

/**
 * Reads what an evaluator answers: `{"id": 7, "values": {"accuracy": 71.3}}`, or `{"id": 7, "error": "diverged"}`.
 * @throws NnMeterError E_EVALUATOR quoting what is none
 */
export function readAnswer(
  line: string,
  evaluator: string,
): { readonly id: number; readonly evaluation: Evaluation } {
  const refuse = (why: string): NnMeterError =>
    new NnMeterError(
      'E_EVALUATOR',
      `${evaluator} ${why}: ${JSON.stringify(line.slice(0, QUOTED))}`,
      {
        hint: 'it answers {"id": ..., "values": {"accuracy": ...}}, one JSON object a line, and prints anything else to stderr',
      },
    );
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    throw refuse('printed what is no JSON');
  }
  const { id, values, error } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof id !== 'number') throw refuse('answered without the id of a candidate');
  if (typeof error === 'string') return { id, evaluation: { failed: error.slice(0, QUOTED) } };
  if (typeof values !== 'object' || values === null) throw refuse('answered without values');
  const entries = Object.entries(values);
  const wrong = entries.find(([, value]) => typeof value !== 'number' || !Number.isFinite(value));
  if (wrong !== undefined || entries.length === 0)
    throw refuse(
      wrong ? `answered with ${JSON.stringify(wrong[0])}, which is no number` : 'answered no value',
    );
  return { id, evaluation: { values: Object.fromEntries(entries) as Record<string, number> } };
}
