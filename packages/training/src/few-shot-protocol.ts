import { hashOf } from '@nnmeter/dataset';
import {
  calibratedMs,
  fitFactors,
  KERNEL_KINDS,
  KernelModel,
  type KernelTime,
  kernelGroups,
  type LatencyMetrics,
  type LatencyModelWeights,
  latencyMetrics,
} from '@nnmeter/latency-model';
import { measuredModels } from './family-protocol.ts';
import type { DeviceData } from './measured-models.ts';

const SAMPLES = 10;
const WINDOWED = new Set(['conv', 'dwconv', 'maxpool', 'avgpool']);

/** Accuracy on models other than the measured ten, before and after `fitCalibration`. */
export interface FewShotResult {
  readonly before: LatencyMetrics;
  readonly after: LatencyMetrics;
}

/** A model trained on other families or another device, before and after measuring ten models. */
export function runFewShot(
  data: DeviceData,
  ids: readonly string[],
  weights: LatencyModelWeights,
  models: readonly number[] = measuredModels(data),
): FewShotResult {
  const byHash = models
    .toSorted((a, b) => hashOf(ids[a]!) - hashOf(ids[b]!))
    .map(kernelTimes(data, weights));
  const samples = byHash.slice(0, SAMPLES);
  const others = byHash.slice(SAMPLES);
  const factors = fitFactors(
    samples.map(({ total }) => total),
    samples.map(({ kernels }) => kernels),
    samples.map(({ measured }) => measured),
  );
  const adapted = others.map(({ kernels }) =>
    kernels.reduce(
      (total, kernel) => total + kernel.uses * calibratedMs(factors, kernel),
      factors.scale * weights.constantMs,
    ),
  );
  const measured = others.map((model) => model.measured);
  return {
    before: latencyMetrics(
      others.map(({ total }) => total),
      measured,
    ),
    after: latencyMetrics(adapted, measured),
  };
}

/** Gives a model's measurement and predicted total, ms, and its kernels' times by the groups that `fitCalibration` uses. */
function kernelTimes(
  { set, measured }: DeviceData,
  weights: LatencyModelWeights,
): (model: number) => { measured: number; total: number; kernels: Required<KernelTime>[] } {
  const kernelModel = new KernelModel(weights);
  const times = set.kernels.map((kernel) => {
    const op = KERNEL_KINDS[kernel.kind]!;
    const window = WINDOWED.has(op) ? `${kernel.kernelHeight}x${kernel.kernelWidth}` : undefined;
    const isEstimated = !kernelModel.isMeasured(kernel);
    return {
      groups: kernelGroups(op, window, kernel.outHeight, isEstimated),
      ms: kernelModel.latency(kernel),
    };
  });
  return (model) => {
    let total = weights.constantMs;
    const kernels: Required<KernelTime>[] = [];
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const time = { ...times[set.kernelIndex[entry]!]!, uses: set.uses[entry]! };
      total += time.uses * time.ms;
      kernels.push(time);
    }
    return { measured: measured[model]!, total, kernels };
  };
}
