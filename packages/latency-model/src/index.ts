export {
  type Adaptation,
  Adapter,
  adaptWeights,
  boundedExponent,
  centredSizes,
  isAdaptation,
  type KindAdaptation,
  type Loops,
  loopsMs,
  type SizeRanges,
} from './adaptation.ts';
export { type KernelConfiguration, kindName, SIZES } from './adaptation-features.ts';
export { describeKernel, describeKernels, hasShapes } from './describe-kernel.ts';
export { descriptionKey } from './description-fields.ts';
export type { FeatureTable } from './features.ts';
export {
  type FitOptions,
  fitAdaptation,
  type KernelTime,
  knownMs,
  LEAST_MODELS_OF_KIND,
  type MeasuredModel,
  rangesOf,
} from './fit-adaptation.ts';
export { hasElements, type KernelDescription, macsOf } from './kernel-description.ts';
export { KERNEL_KINDS, type KernelKind, KIND, kindOfStage } from './kernel-kind.ts';
export { configurationCell, KernelModel, structureCell } from './kernel-model.ts';
export {
  type LatencyInterval,
  type LatencyParts,
  latencyInterval,
  type NetworkParts,
  perKernelMs,
  relativeWidth,
  sumOfParts,
  widthParts,
} from './latency-interval.ts';
export {
  decodeLatencyModel,
  type KernelPrediction,
  type LatencyModel,
} from './latency-model.ts';
export { isMeasurement, type LatencyMetrics, latencyMetrics, median } from './metrics.ts';
export { bytesMoved, type DevicePhysics, kernelFloor } from './physics.ts';
export { type RankCorrelation, rankCorrelation } from './rank-correlation.ts';
export { TERM_SET_NAMES, type TermSet, type TermSetName, termSets } from './term-sets.ts';
export type { TermTable } from './terms.ts';
export { datasheetCoefficients } from './terms-cuda.ts';
export { tilePlanOf } from './tile-plans.ts';
export {
  isWeightReload,
  reloadMs,
  type WeightReload,
  weightMB,
} from './weight-reloads.ts';
export {
  decodeWeights,
  encodeWeights,
  type IntervalWidths,
  type LatencyModelWeights,
  LIMITS_PER_KIND,
  type Throughput,
  type WidthAt,
} from './weights.ts';
