import { factorCholesky, solveCholesky, solveLower, solveUpper } from '@nnmeter/forest';

/** Entries of a row that are not 0, by ascending column. */
export interface SparseRow {
  readonly columns: Uint32Array;
  readonly values: Float64Array;
}

/** A linear observation: `target = row x + noise`. */
export interface Observation {
  readonly row: SparseRow;
  readonly target: number;
  /** Of the noise. */
  readonly variance: number;
}

/** Unknowns with a normal prior around 0, and what was observed of them. */
export interface RidgeProblem {
  /** Standard deviation expected of each unknown. */
  readonly spreads: Float64Array;
  /** First unknown of each block, ascending from 0. */
  readonly blocks: readonly number[];
  /** Observations of unknowns of one block, by block. */
  readonly within: readonly (readonly Observation[])[];
  /** Observations across blocks: few, since the cost grows with the cube of their number. */
  readonly across: readonly Observation[];
}

export interface RidgeSolution {
  /** Most probable unknowns. */
  readonly solution: Float64Array;
  /** Logarithm of the probability of the targets, but a constant. */
  readonly evidence: number;
}

/**
 * Bayesian linear regression: first each block by itself, then what is observed across blocks (Woodbury's identity), so
 * that the cost is that of the largest blocks and not of all unknowns together.
 */
export function solveRidge({ spreads, blocks, within, across }: RidgeProblem): RidgeSolution {
  const solution = new Float64Array(spreads.length);
  const residuals = Float64Array.from(across, ({ target }) => target);
  const count = across.length;
  const covariance = new Float64Array(count * count);
  for (const [at, { variance }] of across.entries()) covariance[at * count + at] = variance;
  let evidence = 0;
  const solved = blocks.map((start, index) => {
    const end = blocks[index + 1] ?? spreads.length;
    const block = solveBlock(spreads.subarray(start, end), within[index]!, start);
    solution.set(block.solution, start);
    evidence += block.evidence;
    const parts = across.map(({ row }) => partOf(row, start, end));
    for (const part of parts) if (part !== undefined) block.toStandard(part);
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) covariance[a * count + b]! += dot(parts[a], parts[b]);
    }
    return { ...block, start, parts };
  });
  for (const [at, { row }] of across.entries()) residuals[at]! -= product(row, solution);
  const weights = residuals.slice();
  solveCholesky(covariance, weights, count);
  for (let at = 0; at < count; at++)
    evidence -= (residuals[at]! * weights[at]!) / 2 + Math.log(covariance[at * count + at]!);
  for (const { start, size, parts, fromStandard } of solved) {
    const change = new Float64Array(size);
    for (const [at, part] of parts.entries()) {
      if (part === undefined) continue;
      for (let unknown = 0; unknown < size; unknown++)
        change[unknown]! += weights[at]! * part[unknown]!;
    }
    fromStandard(change);
    for (let unknown = 0; unknown < size; unknown++) solution[start + unknown]! += change[unknown]!;
  }
  return { solution, evidence };
}

interface Block extends RidgeSolution {
  readonly size: number;
  /** Turns a row of the block's unknowns into one of unknowns of which nothing but a spread of 1 is known, and back. */
  readonly toStandard: (row: Float64Array) => void;
  readonly fromStandard: (unknowns: Float64Array) => void;
}

function solveBlock(
  spreads: Float64Array,
  observations: readonly Observation[],
  start: number,
): Block {
  const size = spreads.length;
  const scale = (values: Float64Array): void => {
    for (let unknown = 0; unknown < size; unknown++) values[unknown]! *= spreads[unknown]!;
  };
  const solution = new Float64Array(size);
  if (observations.length === 0)
    return { size, solution, evidence: 0, toStandard: scale, fromStandard: scale };
  const factor = new Float64Array(size * size);
  let evidence = 0;
  const dense = new Float64Array(size);
  for (const { row, target, variance } of observations) {
    evidence -= (target ** 2 / variance + Math.log(variance)) / 2;
    dense.fill(0);
    const { columns, values } = row;
    for (let at = 0; at < columns.length; at++) dense[columns[at]! - start] = values[at]!;
    for (let at = 0; at < columns.length; at++) {
      const unknown = columns[at]! - start;
      const value = dense[unknown]! / variance;
      const line = unknown * size;
      solution[unknown]! += value * target;
      for (let other = 0; other <= unknown; other++) factor[line + other]! += value * dense[other]!;
    }
  }
  for (let unknown = 0; unknown < size; unknown++) {
    factor[unknown * size + unknown]! += spreads[unknown]! ** -2;
    evidence -= Math.log(spreads[unknown]!);
  }
  factorCholesky(factor, size);
  solveLower(factor, solution, size);
  for (let unknown = 0; unknown < size; unknown++)
    evidence += solution[unknown]! ** 2 / 2 - Math.log(factor[unknown * size + unknown]!);
  solveUpper(factor, solution, size);
  return {
    size,
    solution,
    evidence,
    toStandard: (row) => solveLower(factor, row, size),
    fromStandard: (unknowns) => solveUpper(factor, unknowns, size),
  };
}

/** The entries of a row from `start` to `end`, dense; undefined if all are 0. */
function partOf(
  { columns, values }: SparseRow,
  start: number,
  end: number,
): Float64Array | undefined {
  let part: Float64Array | undefined;
  for (let at = 0; at < columns.length; at++) {
    const column = columns[at]!;
    if (column < start) continue;
    if (column >= end) break;
    part ??= new Float64Array(end - start);
    part[column - start] = values[at]!;
  }
  return part;
}

function dot(a: Float64Array | undefined, b: Float64Array | undefined): number {
  if (a === undefined || b === undefined) return 0;
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** A row times unknowns. */
export function product({ columns, values }: SparseRow, unknowns: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < columns.length; at++) sum += values[at]! * unknowns[columns[at]!]!;
  return sum;
}
