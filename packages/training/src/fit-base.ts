import { solveNonNegative } from './nnls.ts';
import { upperMedian } from './upper-median.ts';

/** Models as sums of terms: the least squares problem of the base. */
export interface BaseProblem {
  readonly models: number;
  readonly terms: number;
  /** models x terms: sum of each term over the model's kernels. */
  readonly sums: Float64Array;
  /** Known part of every total, ms: sum of the kernels' physical floors. */
  readonly offset: Float64Array;
  /** ms; NaN where not measured. */
  readonly measured: Float64Array;
  /** 0 leaves a model out. */
  readonly weight: Float64Array;
  /** Sets of terms with the same meaning for different kernels. */
  readonly alike: readonly (readonly number[])[];
}

const RIDGE = 1e-5;
/** Strength that draws coefficients of terms alike to their common one. */
const ALIKE = 0.03;
const REWEIGHTING_ROUNDS = 4;

/**
 * Non-negative coefficients that minimise the relative errors `(offset + sums x) / measured - 1`, with columns scaled to
 * unit root mean square and four rounds of Huber re-weighting. Terms alike are first fitted as one, then each near it.
 */
export function fitBase(problem: BaseProblem): Float64Array {
  const { terms, alike } = problem;
  const prior = new Float64Array(terms);
  const ridge = new Float64Array(terms).fill(RIDGE);
  if (alike.length === 0) return fit(problem, prior, ridge);
  const { models, sums } = problem;
  const joined = Float64Array.from(sums);
  for (const group of alike) {
    const [first, ...others] = group;
    for (let model = 0; model < models; model++) {
      for (const term of others) {
        joined[model * terms + first!]! += joined[model * terms + term]!;
        joined[model * terms + term] = 0;
      }
    }
  }
  const common = fit({ ...problem, sums: joined }, prior, ridge);
  for (const group of alike) {
    for (const term of group) {
      prior[term] = common[group[0]!]!;
      ridge[term] = ALIKE;
    }
  }
  return fit(problem, prior, ridge);
}

function fit(
  { models, terms, sums, offset, measured, weight }: BaseProblem,
  prior: Float64Array,
  ridge: Float64Array,
): Float64Array {
  const rows: number[] = [];
  for (let model = 0; model < models; model++)
    if (weight[model]! > 0 && measured[model]! > 0) rows.push(model);

  const scaled = new Float64Array(rows.length * terms);
  const target = new Float64Array(rows.length);
  const scale = new Float64Array(terms);
  for (const [row, model] of rows.entries()) {
    target[row] = 1 - offset[model]! / measured[model]!;
    for (let term = 0; term < terms; term++) {
      const value = sums[model * terms + term]! / measured[model]!;
      scaled[row * terms + term] = value;
      scale[term]! += value * value;
    }
  }
  for (let term = 0; term < terms; term++) scale[term] = Math.sqrt(scale[term]! / rows.length) || 1;
  for (let index = 0; index < scaled.length; index++) scaled[index]! /= scale[index % terms]!;

  const rowWeight = Float64Array.from(rows, (model) => weight[model]!);
  let solution: Float64Array = new Float64Array(terms);
  for (let round = 0; round <= REWEIGHTING_ROUNDS; round++) {
    const { gram, right } = normalEquations(scaled, target, rowWeight, terms);
    for (let term = 0; term < terms; term++) {
      const strength = ridge[term]! * rows.length;
      gram[term * terms + term]! += strength;
      right[term]! += strength * prior[term]! * scale[term]!;
    }
    solution = solveNonNegative(gram, right, terms);
    if (round === REWEIGHTING_ROUNDS) break;
    const errors = residuals(scaled, target, solution, terms);
    const threshold = Math.max(3 * upperMedian(errors.map(Math.abs)), 0.01);
    for (const [row, model] of rows.entries())
      rowWeight[row] = weight[model]! * Math.min(1, threshold / Math.abs(errors[row]!));
  }
  return solution.map((value, term) => value / scale[term]!);
}

function normalEquations(
  matrix: Float64Array,
  target: Float64Array,
  weight: Float64Array,
  terms: number,
): { gram: Float64Array; right: Float64Array } {
  const gram = new Float64Array(terms * terms);
  const right = new Float64Array(terms);
  const used = new Int32Array(terms);
  for (let row = 0; row < target.length; row++) {
    let count = 0;
    const start = row * terms;
    for (let term = 0; term < terms; term++) if (matrix[start + term] !== 0) used[count++] = term;
    for (let a = 0; a < count; a++) {
      const term = used[a]!;
      const value = matrix[start + term]! * weight[row]!;
      right[term]! += value * target[row]!;
      for (let b = 0; b <= a; b++)
        gram[term * terms + used[b]!]! += value * matrix[start + used[b]!]!;
    }
  }
  for (let row = 0; row < terms; row++)
    for (let column = 0; column < row; column++)
      gram[column * terms + row] = gram[row * terms + column]!;
  return { gram, right };
}

function residuals(
  matrix: Float64Array,
  target: Float64Array,
  solution: Float64Array,
  terms: number,
): Float64Array {
  return target.map((value, row) => {
    let sum = -value;
    for (let term = 0; term < terms; term++) sum += matrix[row * terms + term]! * solution[term]!;
    return sum;
  });
}
