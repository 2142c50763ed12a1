import {
  decodeWeights,
  fitFactors,
  KernelModel,
  type KernelTime,
  kernelGroups,
  type LatencyModelWeights,
  type ModelTime,
  modelMs,
} from '@nnmeter/latency-model';
import type { PredictorDefinition } from '@nnmeter/predictor';
import type { KernelSet } from '@nnmeter/training';

/** A device whose predictor is there, adapted to another one. */
export interface AdaptedDevice {
  readonly name: string;
  readonly weights: LatencyModelWeights;
  /** The device's latencies are those of the known one times this, roughly. */
  readonly scale: number;
  /** ms by model, after calibration to the models that it may see. */
  readonly predicted: Float64Array;
  /** Mean absolute logarithm of predicted by measured over those models. */
  readonly error: number;
}

/** Measured models as kernels. */
export interface MeasuredSet {
  readonly set: KernelSet;
  /** ms by model */
  readonly measured: Float64Array;
}

/**
 * Calibrates known devices to measurements of another.
 * @param isSeen which models they may be calibrated with
 * @returns the nearest first
 */
export function adaptKnown(
  known: readonly PredictorDefinition[],
  { set, measured }: MeasuredSet,
  isSeen: (model: number) => boolean,
): AdaptedDevice[] {
  const seen = [...measured.keys()].filter(isSeen);
  const adapted = known.map(({ name, weights: text }): AdaptedDevice => {
    const weights = decodeWeights(Buffer.from(text, 'base64'));
    const times = modelTimes(set, weights);
    const factors = fitFactors(
      seen.map((model) => times[model]!),
      seen.map((model) => measured[model]!),
    );
    const predicted = Float64Array.from(times, (model) => modelMs(model, factors));
    const errors = seen.map((model) => Math.abs(Math.log(predicted[model]! / measured[model]!)));
    const error = errors.reduce((sum, each) => sum + each, 0) / errors.length;
    return { name, weights, scale: factors.scale, predicted, error };
  });
  return adapted.sort((a, b) => a.error - b.error);
}

/** A plan has images of hundreds of sides, and each would be a group that one or two models speak for. */
const OF_A_SIDE = / at \d+$/;

function modelTimes(set: KernelSet, weights: LatencyModelWeights): ModelTime[] {
  const model = new KernelModel(weights);
  const times = set.kernels.map((kernel) => ({
    groups: kernelGroups(kernel, !model.isMeasured(kernel)).filter(
      ({ name }) => !OF_A_SIDE.test(name),
    ),
    ms: model.latency(kernel),
  }));
  return Array.from({ length: set.modelStart.length - 1 }, (_, index) => {
    const kernels: KernelTime[] = [];
    for (let entry = set.modelStart[index]!; entry < set.modelStart[index + 1]!; entry++)
      kernels.push({ ...times[set.kernelIndex[entry]!]!, uses: set.uses[entry]! });
    return { startupMs: weights.constantMs, kernels };
  });
}
