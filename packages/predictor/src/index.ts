export type * from './definition.ts';
export {
  decodeLatencyModel,
  type KernelPrediction,
  type LatencyModel,
} from './latency-model/index.ts';
export { type LatencyMetrics, latencyMetrics } from './metrics.ts';
export type * from './report.ts';
