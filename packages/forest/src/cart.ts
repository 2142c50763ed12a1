import { LEAF } from './forest.ts';
import { between } from './quantile-bins.ts';
import { shuffleFront } from './random.ts';

export interface CartOptions {
  /** Default unlimited. */
  maxDepth?: number;
  /** Distinct rows a node needs to be split. Default 2. */
  minSamplesSplit?: number;
  /** Distinct rows in each leaf. Default 1. */
  minSamplesLeaf?: number;
  /** Share of the features tried at each split. Default 1. */
  featureFraction?: number;
}

interface Split {
  feature: number;
  threshold: number;
}

/** Grows exact CART trees, appending them in preorder. Rows are sorted once per feature and stay sorted by partitioning. */
export class CartGrower {
  readonly feature: number[] = [];
  readonly value: number[] = [];
  readonly #features: Float32Array;
  readonly #target: Float64Array;
  readonly #options: Required<CartOptions>;
  readonly #rows: number;
  readonly #featureCount: number;
  /** Per feature, all rows by ascending value. */
  readonly #sorted: Uint32Array[];
  /** The same for the rows of the tree in work; a node owns one range, the same in every feature. */
  readonly #order: Uint32Array[];
  readonly #scratch: Uint32Array;
  readonly #goesLeft: Uint8Array;
  readonly #featurePool: Uint16Array;

  /** @param features column-major, features x rows */
  constructor(features: Float32Array, target: Float64Array, options: CartOptions) {
    this.#features = features;
    this.#target = target;
    this.#options = {
      maxDepth: options.maxDepth ?? Infinity,
      minSamplesSplit: options.minSamplesSplit ?? 2,
      minSamplesLeaf: options.minSamplesLeaf ?? 1,
      featureFraction: options.featureFraction ?? 1,
    };
    this.#rows = target.length;
    this.#featureCount = features.length / this.#rows;
    this.#sorted = Array.from({ length: this.#featureCount }, (_, f) => {
      const column = this.#column(f);
      return Uint32Array.from(target, (_, row) => row).sort(
        (a, b) => column[a]! - column[b]! || a - b,
      );
    });
    this.#order = this.#sorted.map((rows) => new Uint32Array(rows.length));
    this.#scratch = new Uint32Array(this.#rows);
    this.#goesLeft = new Uint8Array(this.#rows);
    this.#featurePool = Uint16Array.from({ length: this.#featureCount }, (_, f) => f);
  }

  #column(feature: number): Float32Array {
    return this.#features.subarray(feature * this.#rows, (feature + 1) * this.#rows);
  }

  /** @param copies how often each row was drawn; 0 leaves it out */
  grow(copies: Uint16Array, random: () => number): void {
    let size = 0;
    this.#sorted.forEach((rows, f) => {
      size = 0;
      for (const row of rows) if (copies[row]! > 0) this.#order[f]![size++] = row;
    });
    const { maxDepth, minSamplesSplit } = this.#options;
    const pending = [{ start: 0, end: size, level: 0 }];
    for (let node = pending.pop(); node; node = pending.pop()) {
      const { start, end, level } = node;
      const { count, sum, isPure } = this.#summarize(start, end, copies);
      const mayNotSplit = isPure || level >= maxDepth || end - start < minSamplesSplit;
      const split = mayNotSplit
        ? undefined
        : this.#bestSplit(start, end, copies, count, sum, random);
      if (!split) {
        this.feature.push(LEAF);
        this.value.push(sum / count);
        continue;
      }
      this.feature.push(split.feature);
      this.value.push(split.threshold);
      const middle = this.#partition(start, end, split);
      pending.push(
        { start: middle, end, level: level + 1 },
        { start, end: middle, level: level + 1 },
      );
    }
  }

  #summarize(start: number, end: number, copies: Uint16Array) {
    const order = this.#order[0]!;
    const first = this.#target[order[start]!]!;
    let count = 0;
    let sum = 0;
    let isPure = true;
    for (let p = start; p < end; p++) {
      const row = order[p]!;
      const y = this.#target[row]!;
      count += copies[row]!;
      sum += copies[row]! * y;
      if (y !== first) isPure = false;
    }
    return { count, sum, isPure };
  }

  /** The split of largest sum over both sides of (sum of targets)^2 / rows, which is the least squared error. */
  #bestSplit(
    start: number,
    end: number,
    copies: Uint16Array,
    count: number,
    sum: number,
    random: () => number,
  ): Split | undefined {
    const { minSamplesLeaf, featureFraction } = this.#options;
    const wanted = Math.max(1, Math.round(featureFraction * this.#featureCount));
    const pool = this.#featurePool;
    if (wanted < pool.length) shuffleFront(pool, pool.length, random);
    let best: Split | undefined;
    let bestScore = (sum * sum) / count;
    for (let i = 0, tried = 0; i < pool.length && tried < wanted; i++) {
      const feature = pool[i]!;
      const column = this.#column(feature);
      const order = this.#order[feature]!;
      if (column[order[start]!] === column[order[end - 1]!]) continue;
      tried++;
      let leftCount = 0;
      let leftSum = 0;
      for (let p = start; p < end - minSamplesLeaf; p++) {
        const row = order[p]!;
        leftCount += copies[row]!;
        leftSum += copies[row]! * this.#target[row]!;
        const next = column[order[p + 1]!]!;
        if (next === column[row] || p + 1 - start < minSamplesLeaf) continue;
        const rightSum = sum - leftSum;
        const score = (leftSum * leftSum) / leftCount + (rightSum * rightSum) / (count - leftCount);
        if (score > bestScore) {
          bestScore = score;
          best = { feature, threshold: between(column[row]!, next) };
        }
      }
    }
    return best;
  }

  #partition(start: number, end: number, { feature, threshold }: Split): number {
    const column = this.#column(feature);
    const decided = this.#order[feature]!;
    for (let p = start; p < end; p++) {
      const row = decided[p]!;
      this.#goesLeft[row] = column[row]! <= threshold ? 1 : 0;
    }
    let middle = start;
    for (const order of this.#order) {
      let left = start;
      let right = 0;
      for (let p = start; p < end; p++) {
        const row = order[p]!;
        if (this.#goesLeft[row]) order[left++] = row;
        else this.#scratch[right++] = row;
      }
      order.set(this.#scratch.subarray(0, right), left);
      middle = left;
    }
    return middle;
  }
}
