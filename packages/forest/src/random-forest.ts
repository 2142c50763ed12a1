import { NnMeterError } from '@nnmeter/ir';
import { CartGrower, type CartOptions } from './cart.ts';
import { Forest, MAX_FEATURES } from './forest.ts';
import { createRandom } from './random.ts';

export interface RegressionData {
  /** Column-major, featureCount x rows: feature f of row j at [f * rows + j]. Finite. */
  features: Float32Array;
  featureCount: number;
  /** One number per row. */
  target: Float64Array;
}

export interface RandomForestOptions extends CartOptions {
  /** Default 100. */
  treeCount?: number;
  /** Draws each tree's rows with replacement. Default true. */
  bootstrap?: boolean;
  /** Default 1. */
  seed?: number;
}

/**
 * Random forest of exact CART regression trees (variance reduction; Breiman 2001). Same data, options and seed: same forest.
 * @throws NnMeterError E_INVALID_INPUT for sizes that do not match, or values that are not finite
 */
export function trainRandomForest(
  { features, featureCount, target }: RegressionData,
  options: RandomForestOptions = {},
): Forest {
  const { treeCount = 100, bootstrap = true, seed = 1 } = options;
  const rows = target.length;
  if (rows === 0 || features.length !== rows * featureCount || featureCount > MAX_FEATURES) {
    throw invalid(`${features.length} values are not ${featureCount} features of ${rows} rows`);
  }
  const bad = features.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw invalid(`features[${bad}] is ${features[bad]}, must be finite`);
  const badTarget = target.findIndex((y) => !Number.isFinite(y));
  if (badTarget >= 0) throw invalid(`target[${badTarget}] is ${target[badTarget]}, must be finite`);

  const random = createRandom(seed);
  const grower = new CartGrower(features, target, options);
  const copies = new Uint16Array(rows);
  for (let tree = 0; tree < treeCount; tree++) {
    copies.fill(bootstrap ? 0 : 1);
    if (bootstrap) for (let i = 0; i < rows; i++) copies[Math.floor(random() * rows)]! += 1;
    grower.grow(copies, random);
  }
  return new Forest({
    featureCount,
    aggregation: 'mean',
    feature: Int16Array.from(grower.feature),
    value: Float32Array.from(grower.value),
  });
}

/** One exact CART regression tree on all rows. */
export function trainRegressionTree(data: RegressionData, options: CartOptions = {}): Forest {
  return trainRandomForest(data, { ...options, treeCount: 1, bootstrap: false });
}

function invalid(reason: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', `training data: ${reason}`);
}
