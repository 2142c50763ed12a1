import { LEAF } from './forest.ts';
import type { BinnedFeatures } from './quantile-bins.ts';

export interface GrowthOptions {
  depth: number;
  /** Added to the hessian of every node. */
  lambda: number;
  /** Least sum of hessians in a leaf. */
  minHessian: number;
}

/** A tree in preorder whose leaves have no values yet: `threshold` of a leaf is its number. */
export interface GrownTree {
  feature: number[];
  threshold: number[];
  leafCount: number;
}

interface Split {
  feature: number;
  bin: number;
  gain: number;
}

/**
 * Grows regression trees on gradients and hessians (second-order gain, as in gradient boosting libraries) over
 * histograms of binned features. One grower serves all rounds, so that its buffers are allocated once.
 */
export class HistogramGrower {
  readonly #data: BinnedFeatures;
  readonly #options: GrowthOptions;
  /** Rows of the node being grown are contiguous; gradient and hessian travel along. */
  readonly #order: Uint32Array;
  readonly #orderScratch: Uint32Array;
  readonly #statistics: Float64Array;
  readonly #statisticsScratch: Float64Array;
  /** One histogram a level, for all features: [2 * (firstBin[f] + bin)] gradient, then hessian. */
  readonly #histograms: Float64Array[];
  readonly #firstBin: number[] = [];

  constructor(data: BinnedFeatures, options: GrowthOptions) {
    this.#data = data;
    this.#options = options;
    this.#order = new Uint32Array(data.rowCount);
    this.#orderScratch = new Uint32Array(data.rowCount);
    this.#statistics = new Float64Array(2 * data.rowCount);
    this.#statisticsScratch = new Float64Array(2 * data.rowCount);
    let binCount = 0;
    for (const edges of data.edges) {
      this.#firstBin.push(binCount);
      binCount += edges.length + 1;
    }
    this.#histograms = Array.from(
      { length: options.depth + 1 },
      () => new Float64Array(2 * binCount),
    );
  }

  /**
   * @param features ids of the features this tree may test
   * @param leafOf receives the leaf number of every row
   */
  grow(
    gradient: Float64Array,
    hessian: Float64Array,
    features: ArrayLike<number>,
    leafOf: Uint16Array,
  ): GrownTree {
    const rows = this.#data.rowCount;
    for (let j = 0; j < rows; j++) {
      this.#order[j] = j;
      this.#statistics[2 * j] = gradient[j]!;
      this.#statistics[2 * j + 1] = hessian[j]!;
    }
    const tree: GrownTree = { feature: [], threshold: [], leafCount: 0 };
    const root = this.#histograms[0]!;
    this.#accumulate(0, rows, features, root);
    this.#growNode(tree, 0, rows, 0, root, features, leafOf);
    return tree;
  }

  #growNode(
    tree: GrownTree,
    start: number,
    end: number,
    level: number,
    histogram: Float64Array,
    features: ArrayLike<number>,
    leafOf: Uint16Array,
  ): void {
    const split = level < this.#options.depth ? this.#bestSplit(histogram, features) : undefined;
    if (!split) {
      for (let p = start; p < end; p++) leafOf[this.#order[p]!] = tree.leafCount;
      tree.feature.push(LEAF);
      tree.threshold.push(tree.leafCount++);
      return;
    }
    tree.feature.push(split.feature);
    tree.threshold.push(this.#data.edges[split.feature]![split.bin]!);
    const middle = this.#partition(start, end, split);

    // The histogram of the larger child is the parent's minus the smaller child's.
    const smaller = this.#histograms[level + 1]!;
    const leftIsSmaller = middle - start < end - middle;
    if (level + 1 < this.#options.depth) {
      if (leftIsSmaller) this.#accumulate(start, middle, features, smaller);
      else this.#accumulate(middle, end, features, smaller);
      this.#subtract(histogram, smaller, features);
    }
    const left = leftIsSmaller ? smaller : histogram;
    const right = leftIsSmaller ? histogram : smaller;
    this.#growNode(tree, start, middle, level + 1, left, features, leafOf);
    this.#growNode(tree, middle, end, level + 1, right, features, leafOf);
  }

  #accumulate(
    start: number,
    end: number,
    features: ArrayLike<number>,
    histogram: Float64Array,
  ): void {
    const { bins, edges, rowCount } = this.#data;
    const order = this.#order;
    const statistics = this.#statistics;
    for (let i = 0; i < features.length; i++) {
      const f = features[i]!;
      const first = 2 * this.#firstBin[f]!;
      const column = f * rowCount;
      histogram.fill(0, first, first + 2 * (edges[f]!.length + 1));
      for (let p = start; p < end; p++) {
        const slot = first + 2 * bins[column + order[p]!]!;
        histogram[slot]! += statistics[2 * p]!;
        histogram[slot + 1]! += statistics[2 * p + 1]!;
      }
    }
  }

  #subtract(histogram: Float64Array, part: Float64Array, features: ArrayLike<number>): void {
    for (let i = 0; i < features.length; i++) {
      const f = features[i]!;
      const first = 2 * this.#firstBin[f]!;
      const last = first + 2 * (this.#data.edges[f]!.length + 1);
      for (let slot = first; slot < last; slot++) histogram[slot]! -= part[slot]!;
    }
  }

  #bestSplit(histogram: Float64Array, features: ArrayLike<number>): Split | undefined {
    const { lambda, minHessian } = this.#options;
    let best: Split | undefined;
    for (let i = 0; i < features.length; i++) {
      const f = features[i]!;
      const first = this.#firstBin[f]!;
      const lastBin = this.#data.edges[f]!.length;
      let totalGradient = 0;
      let totalHessian = 0;
      for (let slot = 2 * first; slot <= 2 * (first + lastBin); slot += 2) {
        totalGradient += histogram[slot]!;
        totalHessian += histogram[slot + 1]!;
      }
      const base = (totalGradient * totalGradient) / (totalHessian + lambda);
      let gradient = 0;
      let hessian = 0;
      for (let bin = 0; bin < lastBin; bin++) {
        gradient += histogram[2 * (first + bin)]!;
        hessian += histogram[2 * (first + bin) + 1]!;
        if (hessian < minHessian) continue;
        if (totalHessian - hessian < minHessian) break;
        const rest = totalGradient - gradient;
        const gain =
          (gradient * gradient) / (hessian + lambda) +
          (rest * rest) / (totalHessian - hessian + lambda) -
          base;
        if (gain > (best?.gain ?? 1e-12 * lambda)) best = { feature: f, bin, gain };
      }
    }
    return best;
  }

  /** Stable: rows with bin <= split.bin first. Returns the start of the right part. */
  #partition(start: number, end: number, { feature, bin }: Split): number {
    const { bins, rowCount } = this.#data;
    const order = this.#order;
    const statistics = this.#statistics;
    const column = feature * rowCount;
    let left = start;
    let right = 0;
    for (let p = start; p < end; p++) {
      const row = order[p]!;
      if (bins[column + row]! <= bin) {
        order[left] = row;
        statistics[2 * left] = statistics[2 * p]!;
        statistics[2 * left + 1] = statistics[2 * p + 1]!;
        left++;
      } else {
        this.#orderScratch[right] = row;
        this.#statisticsScratch[2 * right] = statistics[2 * p]!;
        this.#statisticsScratch[2 * right + 1] = statistics[2 * p + 1]!;
        right++;
      }
    }
    order.set(this.#orderScratch.subarray(0, right), left);
    statistics.set(this.#statisticsScratch.subarray(0, 2 * right), 2 * left);
    return left;
  }
}
