export { type Adaptation, Adapter, isAdaptation, type KindAdaptation } from './adaptation.ts';
export type { KernelConfiguration } from './adaptation-features.ts';
export { describeKernel, hasShapes } from './describe-kernel.ts';
export { descriptionKey } from './description-fields.ts';
export type { FeatureTable } from './features.ts';
export {
  fitAdaptation,
  type KernelTime,
  knownMs,
  LEAST_MODELS_OF_KIND,
  type MeasuredModel,
} from './fit-adaptation.ts';
export { type KernelDescription, macsOf } from './kernel-description.ts';
export { KERNEL_KINDS, type KernelKind, KIND } from './kernel-kind.ts';
export { configurationCell, KernelModel } from './kernel-model.ts';
export {
  decodeLatencyModel,
  hasElements,
  type KernelPrediction,
  type LatencyInterval,
  type LatencyModel,
  type LatencyParts,
  latencyInterval,
  sumOfParts,
} from './latency-model.ts';
export { isMeasurement, type LatencyMetrics, latencyMetrics } from './metrics.ts';
export { bytesMoved, type DevicePhysics, kernelFloor } from './physics.ts';
export { TERM_SET_NAMES, type TermSet, type TermSetName, termSets } from './term-sets.ts';
export type { TermTable } from './terms.ts';
export {
  decodeWeights,
  encodeWeights,
  type IntervalWidths,
  type LatencyModelWeights,
  LIMITS_PER_KIND,
  type Throughput,
} from './weights.ts';
