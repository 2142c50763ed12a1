import {
  KernelModel,
  type KernelTime,
  type LatencyModelWeights,
  type MeasuredModel,
  weightMB,
} from '@nnmeter/latency-model';
import type { DeviceData } from './measured-models.ts';

/** Measured models, totals and layers, as a known device runs them: what `fitAdaptation` takes. */
export function knownModels(
  data: DeviceData,
  weights: LatencyModelWeights,
  models: readonly number[],
): MeasuredModel[] {
  const { set, measured } = data;
  const kernelModel = new KernelModel(weights);
  const layers = layersOf(data, models);
  const kernels = new Map<number, KernelTime>();
  const kernelTime = (index: number): KernelTime => {
    const known = kernels.get(index);
    if (known !== undefined) return known;
    const configuration = set.kernels[index]!;
    const layer = layers.get(index);
    const kernel = {
      configuration,
      ms: kernelModel.latency(configuration),
      estimatedShare: kernelModel.estimatedShare(configuration),
      ...(layer && { layer }),
    };
    kernels.set(index, kernel);
    return kernel;
  };
  return models.map((model) => ({
    startupMs: weights.constantMs,
    measuredMs: measured[model]!,
    kernels: entriesOf(data, model).map((entry) => ({
      kernel: kernelTime(set.kernelIndex[entry]!),
      uses: set.uses[entry]!,
    })),
  }));
}

/** Places of a model's kernels in the set. */
export function entriesOf({ set }: DeviceData, model: number): number[] {
  const start = set.modelStart[model]!;
  return Array.from({ length: set.modelStart[model + 1]! - start }, (_, place) => start + place);
}

/** Weights of a model in float32, MB. */
export function networkMBOf(data: DeviceData, model: number): number {
  const { kernels, kernelIndex, uses } = data.set;
  return entriesOf(data, model).reduce(
    (sum, entry) => sum + uses[entry]! * weightMB(kernels[kernelIndex[entry]!]!),
    0,
  );
}

/** A layer counts at least as this share of what the profiler says, whatever its own time per layer. */
const LEAST_SHARE = 0.2;
/** ms; profilers count in microseconds, and 0 of them is less than one. */
const LEAST_MS = 1e-4;

/** Times of layers by kernel, without what the profiler itself takes. */
function layersOf(data: DeviceData, models: readonly number[]): Map<number, MeanLayer> {
  if (data.kernelMs === undefined) return new Map();
  const overheadMs = profilerOverheadMs(data, models);
  return meanLayers(data, models, (ms, layers) =>
    Math.max(withoutOverhead(ms, layers, overheadMs), LEAST_MS),
  );
}

/** What of the ms that a profiler says of so many layers is their own. */
function withoutOverhead(ms: number, layers: number, overheadMs: number): number {
  return Math.max(ms - layers * overheadMs, LEAST_SHARE * ms);
}

/** A kernel's layers in several models. */
interface MeanLayer {
  /** Geometric mean. */
  readonly ms: number;
  readonly count: number;
  /** Weights of the models, on average, MB. */
  readonly networkMB: number;
}

/**
 * Times of layers by kernel.
 * @param own what of the ms that a profiler says of so many layers is their own; default: all. What is not positive does not count
 */
export function meanLayers(
  data: DeviceData,
  models: readonly number[],
  own: (ms: number, layers: number) => number = (ms) => ms,
): Map<number, MeanLayer> {
  const { set, kernelMs, kernelLayers } = data;
  const logarithms = new Map<number, { sum: number; count: number; megabytes: number }>();
  for (const model of models) {
    const networkMB = networkMBOf(data, model);
    for (const entry of entriesOf(data, model)) {
      const ms = own(kernelMs?.[entry] ?? Number.NaN, kernelLayers?.[entry] ?? 1);
      if (!(ms > 0)) continue;
      const kernel = set.kernelIndex[entry]!;
      const found = logarithms.get(kernel) ?? { sum: 0, count: 0, megabytes: 0 };
      found.sum += Math.log(ms);
      found.count++;
      found.megabytes += networkMB;
      logarithms.set(kernel, found);
    }
  }
  return new Map(
    [...logarithms].map(([kernel, { sum, count, megabytes }]) => [
      kernel,
      { ms: Math.exp(sum / count), count, networkMB: megabytes / count },
    ]),
  );
}

/** Times per layer that are tried, ms. */
const OVERHEADS_MS = Array.from({ length: 25 }, (_, step) => step * 2.5e-4);
/** Share of the models that decide: in others caches or neighbours on the machine do. */
const DECIDING_SHARE = 0.75;

/** The time that the profiler adds to every layer: that for which sums of layers come nearest to totals. */
function profilerOverheadMs(data: DeviceData, models: readonly number[]): number {
  const { set, measured, kernelMs, kernelLayers } = data;
  const complete = models.filter((model) =>
    entriesOf(data, model).every((entry) => kernelMs![entry]! >= 0),
  );
  const misfit = (overheadMs: number): number => {
    const errors = complete.map((model) => {
      const sum = entriesOf(data, model).reduce((total, entry) => {
        const ms = withoutOverhead(kernelMs![entry]!, kernelLayers?.[entry] ?? 1, overheadMs);
        return total + set.uses[entry]! * ms;
      }, 0);
      return Math.abs(Math.log(sum / measured[model]!));
    });
    errors.sort((a, b) => a - b);
    return errors
      .slice(0, Math.ceil(DECIDING_SHARE * errors.length))
      .reduce((total, error) => total + error, 0);
  };
  const misfits = OVERHEADS_MS.map(misfit);
  return OVERHEADS_MS[misfits.indexOf(Math.min(...misfits))]!;
}
