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
} from '@nnmeter/predictor';
import type { DeviceData } from './benchmark.ts';
import { measuredModels } from './family-protocol.ts';
import { hashOf } from './split.ts';

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
  const byHash = models.toSorted((a, b) => hashOf(ids[a]!) - hashOf(ids[b]!));
  const samples = byHash.slice(0, SAMPLES);
  const others = byHash.slice(SAMPLES);
  const measuredOf = (list: readonly number[]): number[] =>
    list.map((model) => data.measured[model]!);
  const { totals, kernels } = kernelTimes(data, weights);
  const factors = fitFactors(
    samples.map((model) => totals[model]!),
    samples.map((model) => kernels[model]!),
    measuredOf(samples),
  );
  const adapted = others.map((model) =>
    kernels[model]!.reduce(
      (total, kernel) => total + kernel.uses * calibratedMs(factors, kernel),
      factors.scale * weights.constantMs,
    ),
  );
  return {
    before: latencyMetrics(
      others.map((model) => totals[model]!),
      measuredOf(others),
    ),
    after: latencyMetrics(adapted, measuredOf(others)),
  };
}

/** Totals of all models, and their kernels' times by the groups that `fitCalibration` uses. */
function kernelTimes(
  { set, measured }: DeviceData,
  weights: LatencyModelWeights,
): { totals: Float64Array; kernels: Required<KernelTime>[][] } {
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
  const totals = new Float64Array(measured.length).fill(weights.constantMs);
  const kernels = [...measured.keys()].map((model) => {
    const own: Required<KernelTime>[] = [];
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const time = { ...times[set.kernelIndex[entry]!]!, uses: set.uses[entry]! };
      totals[model]! += time.uses * time.ms;
      own.push(time);
    }
    return own;
  });
  return { totals, kernels };
}
