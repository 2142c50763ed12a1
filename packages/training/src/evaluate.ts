import {
  type Adaptation,
  Adapter,
  adaptWeights,
  KernelModel,
  type LatencyMetrics,
  type LatencyModelWeights,
  type LatencyParts,
  latencyMetrics,
  reloadMs,
} from '@nnmeter/latency-model';
import { networkMBOf } from './known-models.ts';
import type { DeviceData } from './measured-models.ts';

/** Predictions of a device's model for all models of a benchmark. */
export interface Totals {
  /** ms */
  readonly predicted: Float64Array;
  /** Number of kernels. */
  readonly kernels: Float64Array;
  /** ms of the total in kernels that are new, each as far as it is new. */
  readonly novelMs: Float64Array;
  /** ms of the total that are no more than an estimate. */
  readonly estimatedMs: Float64Array;
}

/** The prediction of one model. */
export function partsOf(totals: Totals, model: number): LatencyParts {
  return {
    totalMs: totals.predicted[model]!,
    kernels: totals.kernels[model]!,
    novelMs: totals.novelMs[model]!,
    estimatedMs: totals.estimatedMs[model]!,
  };
}

/** Predicts every model of the benchmark, on the device of the weights or on one that they are adapted to. */
export function predictAll(
  data: DeviceData,
  weights: LatencyModelWeights,
  adaptation?: Adaptation,
): Totals {
  const { set, measured } = data;
  const reloads = adaptation?.reloads ?? [];
  const model = new KernelModel(adaptation ? adaptWeights(weights, adaptation) : weights);
  const adapter = adaptation && new Adapter(adaptation);
  const latency = new Float64Array(set.kernels.length);
  const estimate = new Float64Array(set.kernels.length);
  const novelty = new Float64Array(set.kernels.length);
  for (const [index, kernel] of set.kernels.entries()) {
    const known = model.latency(kernel);
    const share = model.estimatedShare(kernel);
    const ms = adapter?.kernelMs(kernel, known, share) ?? known;
    latency[index] = ms;
    estimate[index] = adapter?.isMeasured(kernel) ? 0 : share * ms;
    novelty[index] = model.novelty(kernel) * (ms - estimate[index]!);
  }
  const startupMs = adapter?.startupMs(weights.constantMs) ?? weights.constantMs;
  const predicted = new Float64Array(measured.length).fill(startupMs);
  const kernels = new Float64Array(measured.length);
  const novelMs = new Float64Array(measured.length);
  const estimatedMs = new Float64Array(measured.length);
  for (let index = 0; index < measured.length; index++) {
    if (reloads.length > 0) predicted[index]! += reloadMs(reloads, networkMBOf(data, index));
    for (let entry = set.modelStart[index]!; entry < set.modelStart[index + 1]!; entry++) {
      const kernel = set.kernelIndex[entry]!;
      const uses = set.uses[entry]!;
      predicted[index]! += uses * latency[kernel]!;
      kernels[index]! += uses;
      novelMs[index]! += uses * novelty[kernel]!;
      estimatedMs[index]! += uses * estimate[kernel]!;
    }
  }
  return { predicted, kernels, novelMs, estimatedMs };
}

/** Accuracy over the measured models that `isCounted` lets through; undefined if there is none. */
export function accuracyOf(
  { measured }: DeviceData,
  { predicted }: Totals,
  isCounted: (model: number) => boolean,
): LatencyMetrics | undefined {
  const models = [...measured.keys()].filter((model) => measured[model]! > 0 && isCounted(model));
  if (models.length === 0) return undefined;
  return latencyMetrics(
    models.map((model) => predicted[model]!),
    models.map((model) => measured[model]!),
  );
}

/** One line of figures, shares in percent. */
export function formatMetrics(metrics: LatencyMetrics | undefined): string {
  if (metrics === undefined) return 'not measured';
  const percent = (share: number): string => (100 * share).toFixed(2).padStart(6);
  return `${String(metrics.count).padStart(5)} models, within 5/10/15 %: ${percent(metrics.within5)} ${percent(metrics.within10)} ${percent(metrics.within15)}, RMSPE ${percent(metrics.rmspe)} %`;
}
