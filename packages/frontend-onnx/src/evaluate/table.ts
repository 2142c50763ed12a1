import type { Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { arithmeticEvaluators } from './arithmetic.ts';
import { indexingEvaluators } from './indexing.ts';
import { movementEvaluators } from './movement.ts';
import { reductionEvaluators } from './reduction.ts';

/**
 * Computes an op on small constants, as exporters use them to compute shapes. Takes the output shapes that inference
 * found and returns the values of each output in row-major order.
 */
export type Evaluator = (call: Call, outputs: readonly Shape[]) => readonly (readonly number[])[];

const evaluators = new Map<string, Evaluator>([
  ...Object.entries(arithmeticEvaluators),
  ...Object.entries(movementEvaluators),
  ...Object.entries(reductionEvaluators),
  ...Object.entries(indexingEvaluators),
]);

/** The evaluator of a standard op, if there is one. */
export function findEvaluator(op: string, domain: string): Evaluator | undefined {
  return domain === '' ? evaluators.get(op) : undefined;
}
