export {
  type BoostingOptions,
  type BoostingProgress,
  type BoostingResult,
  trainAggregatedBoosting,
} from './aggregated-boosting.ts';
export type { AggregatedData } from './aggregated-data.ts';
export { decodeForest, encodeForest } from './codec.ts';
export { type Aggregation, Forest, type ForestSpecification, type Precision } from './forest.ts';
