export type {
  DeviceFacts,
  PredictorDefinition,
  TrainingManifest,
} from './definition.ts';
export { modelToGraph, registerFrontend } from './frontends.ts';
export {
  decodeLatencyModel,
  type KernelPrediction,
  type LatencyModel,
} from './latency-model/index.ts';
export { type LatencyMetrics, latencyMetrics } from './metrics.ts';
export { detectModelType, modelFileToGraph } from './model-file.ts';
export { createPredictor, type LatencyPredictor } from './predictor.ts';
export {
  listLatencyPredictors,
  loadLatencyPredictor,
  type PredictorSummary,
  registerPredictor,
} from './registry.ts';
export type { Coverage, KernelLatency, LatencyInterval, LatencyReport } from './report.ts';
