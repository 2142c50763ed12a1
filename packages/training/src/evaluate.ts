import {
  type Adaptation,
  Adapter,
  adaptWeights,
  KernelModel,
  type LatencyMetrics,
  type LatencyModelWeights,
  latencyMetrics,
} from '@nnmeter/latency-model';
import type { DeviceData } from './measured-models.ts';

/** Predictions of a device's model for all models of a benchmark. */
export interface Totals {
  /** ms */
  readonly predicted: Float64Array;
  /** Share of the total in kernels of configurations that training did not see. */
  readonly novel: Float64Array;
  /** Share of the total in kernels of types that were not measured. */
  readonly estimated: Float64Array;
}

/** Predicts every model of the benchmark, on the device of the weights or on one that they are adapted to. */
export function predictAll(
  { set, measured }: DeviceData,
  weights: LatencyModelWeights,
  adaptation?: Adaptation,
): Totals {
  const model = new KernelModel(adaptation ? adaptWeights(weights, adaptation) : weights);
  const adapter = adaptation && new Adapter(adaptation);
  const latency = Float64Array.from(set.kernels, (kernel) => {
    const ms = model.latency(kernel);
    return adapter?.kernelMs(kernel, ms, model.estimatedShare(kernel)) ?? ms;
  });
  const startupMs = adapter?.startupMs(weights.constantMs) ?? weights.constantMs;
  const state = Uint8Array.from(set.kernels, (kernel) =>
    model.isMeasured(kernel) || adapter?.isMeasured(kernel) ? (model.isKnown(kernel) ? 0 : 1) : 2,
  );
  const predicted = new Float64Array(measured.length);
  const novel = new Float64Array(measured.length);
  const estimated = new Float64Array(measured.length);
  for (let index = 0; index < measured.length; index++) {
    let total = startupMs;
    for (let entry = set.modelStart[index]!; entry < set.modelStart[index + 1]!; entry++) {
      const kernel = set.kernelIndex[entry]!;
      const ms = set.uses[entry]! * latency[kernel]!;
      total += ms;
      if (state[kernel] === 1) novel[index]! += ms;
      else if (state[kernel] === 2) estimated[index]! += ms;
    }
    predicted[index] = total;
    novel[index]! /= total;
    estimated[index]! /= total;
  }
  return { predicted, novel, estimated };
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
