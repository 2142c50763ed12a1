export {
  type BoostingOptions,
  type BoostingProgress,
  type BoostingResult,
  trainAggregatedBoosting,
} from './aggregated-boosting.ts';
export type { AggregatedData } from './aggregated-data.ts';
export type { CartOptions } from './cart.ts';
export { factorCholesky, solveCholesky, solveLower, solveUpper } from './cholesky.ts';
export { decodeForest, encodeForest } from './codec.ts';
export { crc32 } from './crc32.ts';
export {
  type Aggregation,
  Forest,
  type ForestSpecification,
  LEAF,
  type Precision,
} from './forest.ts';
export { forestFromTrees, type TreeNodes } from './from-trees.ts';
export { forestFromMlCart, forestToMlCart, type MlCartNode, type MlCartTree } from './ml-cart.ts';
export { createRandom } from './random.ts';
export {
  type RandomForestOptions,
  type RegressionData,
  trainRandomForest,
  trainRegressionTree,
} from './random-forest.ts';
