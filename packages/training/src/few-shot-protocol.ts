import { hashOf } from '@nnmeter/dataset';
import {
  type Adaptation,
  fitAdaptation,
  type LatencyMetrics,
  type LatencyModelWeights,
  latencyMetrics,
} from '@nnmeter/latency-model';
import { predictAll } from './evaluate.ts';
import { measuredModels } from './family-protocol.ts';
import { knownModels } from './known-models.ts';
import type { DeviceData } from './measured-models.ts';

/** Models of a family, or of a sibling device, that are measured first. */
export const SAMPLES = 10;

/** Accuracy on models other than the measured ten, before and after `fitCalibration`. */
export interface FewShotResult {
  readonly before: LatencyMetrics;
  readonly after: LatencyMetrics;
  /** What was fitted to the ten. */
  readonly adaptation: Adaptation;
}

/** A model trained on other families or another device, before and after measuring ten models. */
export function runFewShot(
  data: DeviceData,
  ids: readonly string[],
  weights: LatencyModelWeights,
  models: readonly number[] = measuredModels(data),
): FewShotResult {
  const byHash = models.toSorted((a, b) => hashOf(ids[a]!) - hashOf(ids[b]!));
  const adaptation = fitAdaptation(knownModels(data, weights, byHash.slice(0, SAMPLES)));
  const others = byHash.slice(SAMPLES);
  const truth = others.map((model) => data.measured[model]!);
  const accuracy = (predicted: Float64Array): LatencyMetrics =>
    latencyMetrics(
      others.map((model) => predicted[model]!),
      truth,
    );
  return {
    before: accuracy(predictAll(data, weights).predicted),
    after: accuracy(predictAll(data, weights, adaptation).predicted),
    adaptation,
  };
}
