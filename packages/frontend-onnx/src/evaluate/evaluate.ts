import { elementCount, type Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import type { Values } from '../entry.ts';
import type { Settled } from '../outcome.ts';
import { MAX_VALUES } from '../tensor-values.ts';
import { findEvaluator } from './table.ts';

/** Values kept for all shape computations of a model together. */
const MAX_ALL_VALUES = 16_000_000;

/** Computes the values of constant nodes; later ones are given up once the model has used its share of memory. */
export class Evaluation {
  #count = 0;

  /** Values per output; empty if there is no evaluator, or if a tensor is too large to be part of a shape. */
  outputs(outcome: Settled, call: Call): readonly Values[] {
    const evaluator = findEvaluator(call.type, call.domain);
    if (evaluator === undefined || this.#count > MAX_ALL_VALUES) return [];
    const inputs = call.inputs.filter((input) => input !== undefined);
    const outputs = outcome.shapes.filter((shape) => shape !== undefined);
    if (outputs.length < outcome.shapes.length || !outputs.every(isSmall)) return [];
    if (!inputs.every(({ knownShape }) => knownShape !== undefined && isSmall(knownShape)))
      return [];
    const missing = inputs.find((input) => input.values === undefined);
    if (missing !== undefined) return outputs.map(() => missing.readValues());
    const values = evaluator(call, outputs);
    for (const list of values) this.#count += list.length;
    const dataType = outcome.dataTypes[0] ?? call.dataType(0);
    return dataType === 'float32' ? values.map((list) => list.map(Math.fround)) : values;
  }
}

function isSmall(shape: Shape): boolean {
  return elementCount(shape) <= MAX_VALUES;
}
