import { type AggregatedData, checkAggregatedData } from './aggregated-data.ts';
import { solveCholesky } from './cholesky.ts';
import { Forest } from './forest.ts';
import { HistogramGrower } from './histogram-tree.ts';
import { quantileBins } from './quantile-bins.ts';
import { createRandom, shuffleFront } from './random.ts';

export interface BoostingOptions {
  /** Trees. Default 150. */
  rounds?: number;
  /** Levels of splits a tree. Default 4. */
  depth?: number;
  /** Default 0.3. */
  learningRate?: number;
  /** Share of the features each tree may test. Default 0.7. */
  featureFraction?: number;
  /** Quantile bins a feature, 2..256. Default 40. */
  bins?: number;
  /** Ridge on leaf values. Default 1e-3 x number of models with weight. */
  lambda?: number;
  /** Least hessian of a leaf. Default 2e-4 x number of models with weight. */
  minHessian?: number;
  /** Relative errors beyond this count linearly (Huber loss). Default 0.2. */
  clipError?: number;
  /** Bound of a leaf value before the learning rate. Default 0.5. */
  leafClip?: number;
  /** Bound of |f|: a kernel's base time changes by at most its exponential. Default ln 2.5. */
  correctionClip?: number;
  /** Default 1. */
  seed?: number;
  onProgress?: (progress: BoostingProgress) => void;
}

export interface BoostingProgress {
  /** Rounds done, 0 before the first. */
  round: number;
  rounds: number;
  /** Seconds since the start, and expected until the end. */
  elapsed: number;
  remaining: number;
  /** Current totals of all models, ms (read only; overwritten by the next round). */
  predicted: Float64Array;
}

export interface BoostingResult {
  /** Sums to f; clip it to +-correctionClip before exp(). */
  forest: Forest;
  /** Clipped f of every unique kernel. */
  correction: Float64Array;
  /** Totals of all models, ms. */
  predicted: Float64Array;
}

/**
 * Fits a forest f that corrects kernel times by exp(f) when only totals were measured.
 * Every round takes the gradient of a Huber loss on predicted/measured - 1 with respect to log kernel times, grows one
 * tree on it over the unique kernels, and solves all leaf values jointly by ridge regression on the totals.
 * The same data, options and seed give the same forest.
 * @throws NnMeterError E_INVALID_INPUT for inconsistent data
 */
export function trainAggregatedBoosting(
  data: AggregatedData,
  options: BoostingOptions = {},
): BoostingResult {
  checkAggregatedData(data);
  const models = data.modelWeight
    ? data.modelWeight.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0)
    : data.measured.length;
  const {
    rounds = 150,
    depth = 4,
    learningRate = 0.3,
    featureFraction = 0.7,
    bins = 40,
    lambda = 1e-3 * models,
    minHessian = 2e-4 * models,
    clipError = 0.2,
    leafClip = 0.5,
    correctionClip = Math.log(2.5),
    seed = 1,
    onProgress,
  } = options;
  const { featureCount, baseTime, kernelPrior } = data;
  const kernels = baseTime.length;
  const binned = quantileBins(data.features, kernels, bins);
  const grower = new HistogramGrower(binned, { depth, lambda, minHessian });
  const totals = new Totals(data, clipError);
  const random = createRandom(seed);
  const featurePool = Uint16Array.from({ length: featureCount }, (_, f) => f);
  const featuresPerTree = Math.max(1, Math.round(featureFraction * featureCount));

  const correction = new Float64Array(kernels);
  const time = Float64Array.from(baseTime);
  const gradient = new Float64Array(kernels);
  const hessian = new Float64Array(kernels);
  const leafOf = new Uint16Array(kernels);
  const feature: number[] = [];
  const value: number[] = [];
  const start = Date.now();

  for (let round = 0; ; round++) {
    totals.update(time, gradient, hessian);
    const elapsed = (Date.now() - start) / 1000;
    const remaining = round === 0 ? Number.NaN : (elapsed / round) * (rounds - round);
    onProgress?.({ round, rounds, elapsed, remaining, predicted: totals.predicted });
    if (round === rounds) break;

    for (let j = 0; j < kernels; j++) {
      const prior = kernelPrior ? kernelPrior[j]! : 0;
      gradient[j] = gradient[j]! * time[j]! + prior * correction[j]!;
      hessian[j] = hessian[j]! * time[j]! + prior;
    }
    shuffleFront(featurePool, featuresPerTree, random);
    const tree = grower.grow(gradient, hessian, featurePool.subarray(0, featuresPerTree), leafOf);
    const leaves = totals.solveLeaves(time, correction, leafOf, tree.leafCount, lambda);
    for (let leaf = 0; leaf < leaves.length; leaf++) {
      const clipped = Math.max(-leafClip, Math.min(leafClip, leaves[leaf]!));
      leaves[leaf] = Math.fround(learningRate * clipped);
    }
    for (let node = 0; node < tree.feature.length; node++) {
      const isLeaf = tree.feature[node]! < 0;
      feature.push(tree.feature[node]!);
      value.push(isLeaf ? leaves[tree.threshold[node]!]! : tree.threshold[node]!);
    }
    for (let j = 0; j < kernels; j++) {
      correction[j]! += leaves[leafOf[j]!]!;
      const clipped = Math.max(-correctionClip, Math.min(correctionClip, correction[j]!));
      time[j] = baseTime[j]! * Math.exp(clipped);
    }
  }
  for (let j = 0; j < kernels; j++) {
    correction[j] = Math.max(-correctionClip, Math.min(correctionClip, correction[j]!));
  }
  const forest = new Forest({
    featureCount,
    aggregation: 'sum',
    feature: Int16Array.from(feature),
    value: Float32Array.from(value),
  });
  return { forest, correction, predicted: totals.predicted };
}

/** The models' side of the fit: totals, their errors, and what they say about kernels and leaves. */
class Totals {
  readonly predicted: Float64Array;
  readonly #data: AggregatedData;
  readonly #clipError: number;
  /** Weighted relative error, clipped, and weight of the squared relative error. */
  readonly #error: Float64Array;
  readonly #weight: Float64Array;

  constructor(data: AggregatedData, clipError: number) {
    const models = data.measured.length;
    this.predicted = new Float64Array(models);
    this.#data = data;
    this.#clipError = clipError;
    this.#error = new Float64Array(models);
    this.#weight = new Float64Array(models);
  }

  /** Predicts all totals, and sums uses/measured times error (gradient) and weight (hessian) per kernel. */
  update(time: Float64Array, gradient: Float64Array, hessian: Float64Array): void {
    const { modelStart, kernelIndex, uses, measured, constant, modelWeight } = this.#data;
    const clip = this.#clipError;
    gradient.fill(0);
    hessian.fill(0);
    for (let i = 0; i < measured.length; i++) {
      const first = modelStart[i]!;
      const last = modelStart[i + 1]!;
      let total = constant ? constant[i]! : 0;
      for (let p = first; p < last; p++) total += uses[p]! * time[kernelIndex[p]!]!;
      this.predicted[i] = total;
      const modelFactor = modelWeight ? modelWeight[i]! : 1;
      const error = total / measured[i]! - 1;
      const weight = modelFactor * Math.min(1, clip / Math.abs(error));
      this.#weight[i] = weight;
      this.#error[i] = weight * error;
      if (weight === 0) continue;
      const g = (weight * error) / measured[i]!;
      const h = weight / measured[i]!;
      for (let p = first; p < last; p++) {
        gradient[kernelIndex[p]!]! += uses[p]! * g;
        hessian[kernelIndex[p]!]! += uses[p]! * h;
      }
    }
  }

  /** Ridge regression of -error on the sums of kernel times over each leaf, relative to the measurement. */
  solveLeaves(
    time: Float64Array,
    correction: Float64Array,
    leafOf: Uint16Array,
    leafCount: number,
    lambda: number,
  ): Float64Array {
    const { modelStart, kernelIndex, uses, measured, kernelPrior } = this.#data;
    const matrix = new Float64Array(leafCount * leafCount);
    const solution = new Float64Array(leafCount);
    const share = new Float64Array(leafCount);
    for (let i = 0; i < measured.length; i++) {
      const weight = this.#weight[i]!;
      if (weight === 0) continue;
      share.fill(0);
      for (let p = modelStart[i]!; p < modelStart[i + 1]!; p++) {
        const j = kernelIndex[p]!;
        share[leafOf[j]!]! += uses[p]! * time[j]!;
      }
      for (let leaf = 0; leaf < leafCount; leaf++) share[leaf]! /= measured[i]!;
      for (let row = 0; row < leafCount; row++) {
        const s = share[row]!;
        if (s === 0) continue;
        solution[row]! -= s * this.#error[i]!;
        for (let column = 0; column <= row; column++) {
          matrix[row * leafCount + column]! += weight * s * share[column]!;
        }
      }
    }
    if (kernelPrior) {
      for (let j = 0; j < leafOf.length; j++) {
        const leaf = leafOf[j]!;
        matrix[leaf * leafCount + leaf]! += kernelPrior[j]!;
        solution[leaf]! -= kernelPrior[j]! * correction[j]!;
      }
    }
    for (let leaf = 0; leaf < leafCount; leaf++) matrix[leaf * leafCount + leaf]! += lambda;
    solveCholesky(matrix, solution, leafCount);
    return solution;
  }
}
