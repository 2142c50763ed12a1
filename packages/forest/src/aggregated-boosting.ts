import { NnMeterError } from '@nnmeter/ir';
import { type AggregatedData, checkAggregatedData } from './aggregated-data.ts';
import { Totals } from './aggregated-totals.ts';
import { Forest } from './forest.ts';
import { HistogramGrower } from './histogram-tree.ts';
import { quantileBins } from './quantile-bins.ts';
import { createRandom, shuffleFront } from './random.ts';

export interface BoostingOptions {
  /** Trees. Default 150. */
  rounds?: number;
  /** Levels of splits a tree, 1..12. Default 4. */
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
 * @throws NnMeterError E_INVALID_INPUT for inconsistent data or options out of range
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
  checkOption('models with weight', models, models >= 1, 'at least 1');
  checkOption('rounds', rounds, Number.isInteger(rounds) && rounds >= 1, 'an integer >= 1');
  checkOption('depth', depth, Number.isInteger(depth) && depth >= 1 && depth <= 12, 'of 1..12');
  checkOption('bins', bins, Number.isInteger(bins) && bins >= 2 && bins <= 256, 'of 2..256');
  checkOption('lambda', lambda, lambda > 0, '> 0');
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
      leaves[leaf] = Math.fround(learningRate * clip(leaves[leaf]!, leafClip));
    }
    for (let node = 0; node < tree.feature.length; node++) {
      const isLeaf = tree.feature[node]! < 0;
      feature.push(tree.feature[node]!);
      value.push(isLeaf ? leaves[tree.threshold[node]!]! : tree.threshold[node]!);
    }
    for (let j = 0; j < kernels; j++) {
      correction[j]! += leaves[leafOf[j]!]!;
      time[j] = baseTime[j]! * Math.exp(clip(correction[j]!, correctionClip));
    }
  }
  const forest = new Forest({
    featureCount,
    aggregation: 'sum',
    feature: Int16Array.from(feature),
    value: Float32Array.from(value),
  });
  const clipped = correction.map((f) => clip(f, correctionClip));
  return { forest, correction: clipped, predicted: totals.predicted };
}

function clip(value: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, value));
}

function checkOption(name: string, value: number, isValid: boolean, requirement: string): void {
  if (isValid) return;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `training: ${name} is ${value}, must be ${requirement}`,
  );
}
