import { NnMeterError } from '@nnmeter/ir';

export type Aggregation = 'sum' | 'mean';
export type Precision = 'float32' | 'float64';

/** Marks a leaf in {@link Forest.feature}. */
export const LEAF = -1;
/** Feature ids are stored in 16 signed bits. */
export const MAX_FEATURES = 32767;

export interface ForestSpecification {
  /** Length of one input row. */
  featureCount: number;
  aggregation: Aggregation;
  /** Per node, trees one after another in preorder: feature compared, or -1 for a leaf. */
  feature: Int16Array;
  /** Per node: threshold of a split, output of a leaf. Its type is the forest's precision. */
  value: Float32Array | Float64Array;
}

/**
 * Regression trees as flat arrays in preorder: the left child of node i is i + 1, the right one is `right[i]`.
 * A row goes left if `Math.fround(row[feature]) <= threshold`, as in scikit-learn; NaN goes right.
 * The order of nodes alone determines the trees, so a forest that was constructed is well formed.
 */
export class Forest {
  readonly featureCount: number;
  readonly aggregation: Aggregation;
  /** Precision of thresholds and leaves: float64 for imported forests, float32 for those trained here. */
  readonly precision: Precision;
  readonly feature: Int16Array;
  readonly value: Float32Array | Float64Array;
  /** Index of the right child; 0 for leaves. */
  readonly right: Uint32Array;
  /** Index of the first node of each tree. */
  readonly roots: Uint32Array;

  /** @throws NnMeterError E_WEIGHTS if the nodes are not complete trees in preorder. */
  constructor({ featureCount, aggregation, feature, value }: ForestSpecification) {
    if (!Number.isInteger(featureCount) || featureCount < 1 || featureCount > MAX_FEATURES) {
      throw malformed(`${featureCount} features; expected an integer of 1..${MAX_FEATURES}`);
    }
    if (feature.length !== value.length) {
      throw malformed(`${feature.length} feature ids but ${value.length} values`);
    }
    this.featureCount = featureCount;
    this.aggregation = aggregation;
    this.precision = value instanceof Float64Array ? 'float64' : 'float32';
    this.feature = feature;
    this.value = value;
    this.right = new Uint32Array(feature.length);
    this.roots = linkPreorder(this);
  }

  get treeCount(): number {
    return this.roots.length;
  }

  get nodeCount(): number {
    return this.feature.length;
  }

  /** Prediction for one row of `featureCount` numbers. */
  predict(row: ArrayLike<number>): number {
    if (row.length !== this.featureCount) throw wrongRow(row.length, this.featureCount);
    const { feature, value, right, roots } = this;
    let total = 0;
    for (let tree = 0; tree < roots.length; tree++) {
      let node = roots[tree]!;
      let id = feature[node]!;
      while (id >= 0) {
        node = Math.fround(row[id]!) <= value[node]! ? node + 1 : right[node]!;
        id = feature[node]!;
      }
      total += value[node]!;
    }
    return this.aggregation === 'mean' ? total / roots.length : total;
  }

  /**
   * Predictions for many rows, bit-identical to {@link predict}.
   * @param rows row-major, rows x featureCount
   * @param out one number per row; allocated if absent
   */
  predictBatch(
    rows: Float32Array | Float64Array,
    out: Float64Array = new Float64Array(Math.floor(rows.length / this.featureCount)),
  ): Float64Array {
    const { feature, value, right, roots, featureCount } = this;
    const count = out.length;
    if (rows.length !== count * featureCount) {
      throw wrongRow(rows.length, count * featureCount);
    }
    const input = rows instanceof Float32Array ? rows : new Float32Array(rows);
    out.fill(0);
    for (let tree = 0; tree < roots.length; tree++) {
      const root = roots[tree]!;
      for (let row = 0, offset = 0; row < count; row++, offset += featureCount) {
        let node = root;
        let id = feature[node]!;
        while (id >= 0) {
          node = input[offset + id]! <= value[node]! ? node + 1 : right[node]!;
          id = feature[node]!;
        }
        out[row]! += value[node]!;
      }
    }
    if (this.aggregation === 'mean') {
      for (let row = 0; row < count; row++) out[row]! /= roots.length;
    }
    return out;
  }
}

/** Fills `right` and returns the roots. After a leaf comes the right child of the last split that has none yet. */
function linkPreorder({ feature, value, right, featureCount }: Forest): Uint32Array {
  const roots: number[] = [];
  const count = feature.length;
  const open = new Uint32Array(count);
  let depth = 0;
  let isRoot = true;
  for (let node = 0; node < count; node++) {
    const id = feature[node]!;
    const held = value[node]!;
    if (id < LEAF || id >= featureCount) {
      throw malformed(`node ${node} tests feature ${id} of ${featureCount}`);
    }
    // NaN for NaN and infinities.
    if (held - held !== 0) throw malformed(`node ${node} holds ${held}`);
    if (isRoot) roots.push(node);
    isRoot = false;
    if (id !== LEAF) open[depth++] = node;
    else if (depth > 0) right[open[--depth]!] = node + 1;
    else isRoot = true;
  }
  if (!isRoot) throw malformed(`node ${open[Math.max(0, depth - 1)]} lacks a child`);
  if (roots.length === 0) throw malformed('no trees');
  return Uint32Array.from(roots);
}

function malformed(reason: string): NnMeterError {
  return new NnMeterError('E_WEIGHTS', `malformed forest: ${reason}`);
}

function wrongRow(actual: number, expected: number): NnMeterError {
  return new NnMeterError(
    'E_INVALID_INPUT',
    `the forest got ${actual} feature values where it needs ${expected}`,
  );
}
