export {
  type Calibration,
  calibratePredictor,
  fitCalibration,
  type Measurement,
} from './calibration.ts';
export {
  calibratedMs,
  type Factors,
  fitFactors,
  type KernelGroup,
  type KernelTime,
  kernelGroups,
} from './calibration-factors.ts';
export { coverageOf } from './coverage.ts';
export type {
  DeviceFacts,
  FamilyMetrics,
  IntervalCoverage,
  PredictorDefinition,
  ProtocolRecord,
  TrainingManifest,
} from './definition.ts';
export { modelToGraph, registerFrontend } from './frontends.ts';
export { familyOf, hashOf, isHeldOut } from './held-out.ts';
export {
  DEVICE_FAMILIES,
  type DeviceFamily,
  type DeviceFamilyName,
  deviceFamilies,
} from './latency-model/device-families.ts';
export { featureCount, fillFeatures } from './latency-model/features.ts';
export {
  decodeLatencyModel,
  type KernelPrediction,
  type LatencyModel,
} from './latency-model/index.ts';
export {
  describeKernel,
  type KernelDescription,
  macsOf,
} from './latency-model/kernel-description.ts';
export { KERNEL_KINDS, KIND } from './latency-model/kernel-kind.ts';
export { configurationCell, KernelModel } from './latency-model/kernel-model.ts';
export { bytesMoved, type DevicePhysics, kernelFloor } from './latency-model/physics.ts';
export type { TermTable } from './latency-model/terms.ts';
export {
  decodeWeights,
  encodeWeights,
  type IntervalWidths,
  type LatencyModelWeights,
  LIMITS_PER_KIND,
  type Throughput,
} from './latency-model/weights.ts';
export { isMeasurement, type LatencyMetrics, latencyMetrics } from './metrics.ts';
export { detectModelType, modelFileToGraph } from './model-file.ts';
export { createPredictor, type DevicePredictor, type LatencyPredictor } from './predictor.ts';
export {
  listLatencyPredictors,
  loadLatencyPredictor,
  type PredictorSummary,
  registerPredictor,
} from './registry.ts';
export type { Coverage, KernelLatency, LatencyInterval, LatencyReport } from './report.ts';
export { requireShapes } from './require-shapes.ts';
export type { PredictorSource, SourceEntry } from './source.ts';
