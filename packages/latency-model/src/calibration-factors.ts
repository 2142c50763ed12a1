import { solveCholesky } from '@nnmeter/forest';
import { ESTIMATED_SPREAD, type KernelGroup } from './kernel-groups.ts';

/** A model as calibration sees it: its predicted total is `startupMs` and the sum of its kernels. */
export interface ModelTime {
  /** ms in every run that belong to no kernel. */
  readonly startupMs: number;
  readonly kernels: readonly KernelTime[];
}

/** A kernel as calibration sees it. */
export interface KernelTime {
  readonly groups: readonly KernelGroup[];
  /** Predicted, ms. */
  readonly ms: number;
  /** How often the model runs it; default 1. */
  readonly uses?: number;
}

/** What turns predicted into calibrated latencies: `ms x scale x (1 + corrections of its groups) + perKernelMs`. */
export interface Factors {
  readonly scale: number;
  /** Relative corrections by group. */
  readonly corrections: Readonly<Record<string, number>>;
  /** Time that every kernel takes in addition, ms; may be negative. */
  readonly perKernelMs: number;
}

/** Spread of the common factor around the median ratio. */
const SCALE_SPREAD = 0.1;
/** Spread of the time per kernel, in mean kernel times. */
const PER_KERNEL_SPREAD = 0.01;
/** Multiples of all spreads but that of estimates, and noise of measurements, that are tried; their solutions are averaged by evidence. */
const HYPOTHESES = [0.5, 1, 2, 4].flatMap((multiple) =>
  [0.01, 0.02, 0.04].map((noise) => ({ multiple, noise })),
);
/** Residuals beyond this multiple of the median, or of the noise, count linearly: single models may be outliers. */
const OUTLIER = 2;
const REWEIGHTING_ROUNDS = 8;
/** With fewer measurements only the common factor is fitted. */
const MIN_FOR_GROUPS = 3;
/** Greatest correction of a group, and greatest factor (beside the common one) by which a kernel gets slower. */
export const MAX_CORRECTION = 10;
/** Least factor (beside the common one) by which a kernel gets faster. */
const MIN_CORRECTION = 0.2;

/** Predicted time of a model, ms; calibrated if there are factors. */
export function modelMs({ startupMs, kernels }: ModelTime, factors?: Factors): number {
  let total = factors === undefined ? startupMs : factors.scale * startupMs;
  for (const kernel of kernels) {
    const { ms, uses = 1 } = kernel;
    total += uses * (factors === undefined ? ms : calibratedMs(factors, kernel));
  }
  return total;
}

/** Calibrated latency of one run of a kernel, ms; positive. */
export function calibratedMs(
  { scale, corrections, perKernelMs }: Factors,
  { groups, ms }: KernelTime,
): number {
  let factor = 1;
  for (const { name } of groups) {
    if (Object.hasOwn(corrections, name)) factor += corrections[name]!;
  }
  const bounded = Math.max(MIN_CORRECTION, Math.min(MAX_CORRECTION, factor));
  return Math.max(scale * bounded * ms + perKernelMs, scale * MIN_CORRECTION * ms);
}

/**
 * Fits a common factor, corrections of groups of kernels and a time per kernel to measured models: Bayesian linear
 * regression of the relative errors, in which what the measurements say little about stays near 0.
 * @param measured ms of each model
 */
export function fitFactors(models: readonly ModelTime[], measured: readonly number[]): Factors {
  const totals = models.map((model) => modelMs(model));
  const ratio = median(totals.map((total, index) => measured[index]! / total));
  if (totals.length < MIN_FOR_GROUPS) return { scale: ratio, corrections: {}, perKernelMs: 0 };
  const counts = models.map(({ kernels }) => kernels.reduce((sum, { uses = 1 }) => sum + uses, 0));
  const kernelMs = median(totals.map((total, index) => total / Math.max(1, counts[index]!)));
  const spreads = [SCALE_SPREAD, PER_KERNEL_SPREAD];
  const columnOf = new Map<string, number>();
  const rows = models.map(({ kernels }, index) => {
    const row = [1, (counts[index]! * kernelMs) / totals[index]!];
    for (const { groups, ms, uses = 1 } of kernels) {
      for (const { name, spread } of groups) {
        const column = columnOf.get(name) ?? spreads.push(spread) - 1;
        columnOf.set(name, column);
        row[column] = (row[column] ?? 0) + (uses * ms) / totals[index]!;
      }
    }
    return row;
  });
  const matrix = Float64Array.from({ length: rows.length * spreads.length }, (_, cell) => {
    const row = Math.floor(cell / spreads.length);
    return rows[row]![cell - row * spreads.length] ?? 0;
  });
  const errors = totals.map((total, index) => measured[index]! / (ratio * total) - 1);
  const solution = averageSolution(matrix, errors, spreads);
  const common = Math.max(MIN_CORRECTION, 1 + solution[0]!);
  const corrections = [...columnOf].map(([name, column]) => {
    const correction = solution[column]! / common;
    return [name, Math.max(-MAX_CORRECTION, Math.min(MAX_CORRECTION, correction))];
  });
  return {
    scale: ratio * common,
    corrections: Object.fromEntries(corrections),
    perKernelMs: ratio * kernelMs * solution[1]!,
  };
}

/** The mean of the hypotheses' solutions, weighted by how well each explains the measurements. */
function averageSolution(
  matrix: Float64Array,
  errors: readonly number[],
  spreads: readonly number[],
): Float64Array {
  const fits = HYPOTHESES.map(({ multiple, noise }) =>
    fitErrors(
      matrix,
      errors,
      spreads.map((spread) => (spread === ESTIMATED_SPREAD ? spread : spread * multiple)),
      noise,
      -(Math.log(multiple) ** 2) - Math.log(noise / 0.02) ** 2,
    ),
  );
  const best = Math.max(...fits.map(({ evidence }) => evidence));
  const mean = new Float64Array(spreads.length);
  let sum = 0;
  for (const { solution, evidence } of fits) {
    const weight = Math.exp(evidence - best);
    sum += weight;
    for (let column = 0; column < mean.length; column++)
      mean[column]! += weight * solution[column]!;
  }
  return mean.map((value) => value / sum);
}

/** Ridge regression with Huber weights; `evidence` is the logarithm of its marginal likelihood plus `prior`. */
function fitErrors(
  matrix: Float64Array,
  errors: readonly number[],
  spreads: readonly number[],
  noise: number,
  prior: number,
): { solution: Float64Array; evidence: number } {
  const columns = spreads.length;
  let weights = outlierWeights(errors, noise);
  for (let round = 1; ; round++) {
    const gram = new Float64Array(columns * columns);
    const right = new Float64Array(columns);
    for (const [index, error] of errors.entries()) {
      const weight = weights[index]!;
      const row = matrix.subarray(index * columns, (index + 1) * columns);
      for (let a = 0; a < columns; a++) {
        if (row[a] === 0) continue;
        right[a]! += weight * error * row[a]!;
        for (let b = 0; b <= a; b++) gram[a * columns + b]! += weight * row[a]! * row[b]!;
      }
    }
    for (let a = 0; a < columns; a++) gram[a * columns + a]! += (noise / spreads[a]!) ** 2;
    const solution = right.slice();
    solveCholesky(gram, solution, columns);
    if (round === REWEIGHTING_ROUNDS) {
      let misfit = 0;
      let logDeterminant = 0;
      for (const [index, error] of errors.entries()) {
        misfit += weights[index]! * error ** 2;
        logDeterminant += Math.log(noise ** 2 / weights[index]!);
      }
      for (let a = 0; a < columns; a++) {
        misfit -= right[a]! * solution[a]!;
        logDeterminant += 2 * Math.log((gram[a * columns + a]! * spreads[a]!) / noise);
      }
      return { solution, evidence: prior - (misfit / noise ** 2 + logDeterminant) / 2 };
    }
    const residuals = errors.map((error, index) => {
      let rest = error;
      for (let a = 0; a < columns; a++) rest -= matrix[index * columns + a]! * solution[a]!;
      return rest;
    });
    weights = outlierWeights(residuals, noise);
  }
}

function outlierWeights(residuals: readonly number[], noise: number): number[] {
  const sizes = residuals.map(Math.abs);
  const outlier = OUTLIER * Math.max(noise, median(sizes));
  return sizes.map((size) => Math.min(1, outlier / size));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
