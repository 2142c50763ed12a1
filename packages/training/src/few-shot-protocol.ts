import { hashOf } from '@nnmeter/dataset';
import {
  type Factors,
  fitFactors,
  KernelModel,
  type KernelTime,
  kernelGroups,
  type LatencyMetrics,
  type LatencyModelWeights,
  latencyMetrics,
  type ModelTime,
  modelMs,
} from '@nnmeter/latency-model';
import { measuredModels } from './family-protocol.ts';
import type { DeviceData } from './measured-models.ts';

/** Models of a family, or of a sibling device, that are measured first. */
export const SAMPLES = 10;

/** Accuracy on models other than the measured ten, before and after `fitCalibration`. */
export interface FewShotResult {
  readonly before: LatencyMetrics;
  readonly after: LatencyMetrics;
  /** What was fitted to the ten. */
  readonly factors: Factors;
}

/** A model trained on other families or another device, before and after measuring ten models. */
export function runFewShot(
  data: DeviceData,
  ids: readonly string[],
  weights: LatencyModelWeights,
  models: readonly number[] = measuredModels(data),
): FewShotResult {
  const byHash = models.toSorted((a, b) => hashOf(ids[a]!) - hashOf(ids[b]!));
  const times = byHash.map(modelTimes(data, weights));
  const measured = byHash.map((model) => data.measured[model]!);
  const factors = fitFactors(times.slice(0, SAMPLES), measured.slice(0, SAMPLES));
  const others = times.slice(SAMPLES);
  const truth = measured.slice(SAMPLES);
  return {
    before: latencyMetrics(
      others.map((model) => modelMs(model)),
      truth,
    ),
    after: latencyMetrics(
      others.map((model) => modelMs(model, factors)),
      truth,
    ),
    factors,
  };
}

/** Gives a model's predicted times by kernel, in the groups that `fitCalibration` uses. */
function modelTimes(
  { set }: DeviceData,
  weights: LatencyModelWeights,
): (model: number) => ModelTime {
  const kernelModel = new KernelModel(weights);
  const times = set.kernels.map((kernel) => ({
    groups: kernelGroups(kernel, !kernelModel.isMeasured(kernel)),
    ms: kernelModel.latency(kernel),
  }));
  return (model) => {
    const kernels: KernelTime[] = [];
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++)
      kernels.push({ ...times[set.kernelIndex[entry]!]!, uses: set.uses[entry]! });
    return { startupMs: weights.constantMs, kernels };
  };
}
