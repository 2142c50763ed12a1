import { solveCholesky } from '@nnmeter/forest';

/** Entries of a row that are not 0, by ascending column. */
export interface SparseRow {
  readonly columns: readonly number[];
  readonly values: readonly number[];
}

/** `targets = rows x + noise`, with a normal prior around 0 on every unknown. */
export interface RidgeProblem {
  readonly rows: readonly SparseRow[];
  readonly targets: Float64Array;
  /** Variance of the noise, by row. */
  readonly variances: Float64Array;
  /** Standard deviation expected of each unknown. */
  readonly spreads: Float64Array;
}

export interface RidgeSolution {
  /** Most probable unknowns. */
  readonly solution: Float64Array;
  /** Logarithm of the probability of the targets, but a constant. */
  readonly evidence: number;
}

/** Bayesian linear regression, in as many dimensions as there are rows or unknowns, whichever are fewer. */
export function solveRidge(problem: RidgeProblem): RidgeSolution {
  return problem.rows.length < problem.spreads.length
    ? solveByRows(problem)
    : solveByUnknowns(problem);
}

function solveByRows({ rows, targets, variances, spreads }: RidgeProblem): RidgeSolution {
  const size = rows.length;
  const covariance = new Float64Array(size * size);
  const dense = new Float64Array(spreads.length);
  for (const [a, { columns, values }] of rows.entries()) {
    for (const [at, column] of columns.entries())
      dense[column] = values[at]! * spreads[column]! ** 2;
    for (let b = 0; b <= a; b++) covariance[a * size + b] = dot(rows[b]!, dense);
    covariance[a * size + a]! += variances[a]!;
    for (const column of columns) dense[column] = 0;
  }
  const weights = targets.slice();
  solveCholesky(covariance, weights, size);
  const solution = new Float64Array(spreads.length);
  let evidence = 0;
  for (const [a, { columns, values }] of rows.entries()) {
    evidence -= (targets[a]! * weights[a]!) / 2 + Math.log(covariance[a * size + a]!);
    for (const [at, column] of columns.entries()) solution[column]! += values[at]! * weights[a]!;
  }
  return { solution: solution.map((value, column) => value * spreads[column]! ** 2), evidence };
}

function solveByUnknowns({ rows, targets, variances, spreads }: RidgeProblem): RidgeSolution {
  const size = spreads.length;
  const precision = new Float64Array(size * size);
  const right = new Float64Array(size);
  let misfit = 0;
  let logDeterminant = 0;
  for (const [row, { columns, values }] of rows.entries()) {
    const weight = 1 / variances[row]!;
    misfit += weight * targets[row]! ** 2;
    logDeterminant += Math.log(variances[row]!);
    for (const [at, column] of columns.entries()) {
      const value = weight * values[at]!;
      right[column]! += value * targets[row]!;
      for (let other = 0; other <= at; other++)
        precision[column * size + columns[other]!]! += value * values[other]!;
    }
  }
  for (let column = 0; column < size; column++) {
    precision[column * size + column]! += spreads[column]! ** -2;
    logDeterminant += 2 * Math.log(spreads[column]!);
  }
  const solution = right.slice();
  solveCholesky(precision, solution, size);
  for (let column = 0; column < size; column++) {
    misfit -= right[column]! * solution[column]!;
    logDeterminant += 2 * Math.log(precision[column * size + column]!);
  }
  return { solution, evidence: -(misfit + logDeterminant) / 2 };
}

function dot({ columns, values }: SparseRow, dense: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < columns.length; at++) sum += values[at]! * dense[columns[at]!]!;
  return sum;
}
