import { type Adaptation, decodeWeights, type LatencyModelWeights } from '@nnmeter/latency-model';
import type { PredictorDefinition } from '@nnmeter/predictor';
import { adaptDevice, type DeviceData, predictAll, type Totals } from '@nnmeter/training';

/** A device whose predictor is there, adapted to another one. */
export interface AdaptedKnown {
  readonly known: PredictorDefinition;
  readonly weights: LatencyModelWeights;
  readonly adaptation: Adaptation;
  /** By model. */
  readonly totals: Totals;
  /** Mean absolute logarithm of predicted by measured over the models that it was adapted to. */
  readonly error: number;
}

/**
 * Adapts a known device to measurements of another.
 * @param isSeen which models it may be adapted to
 */
export function adaptKnown(
  known: PredictorDefinition,
  data: DeviceData,
  isSeen: (model: number) => boolean,
): AdaptedKnown {
  const own = decodeWeights(Buffer.from(known.weights, 'base64'));
  const { weights, adaptation } = adaptDevice(data, own, isSeen);
  const totals = predictAll(data, weights, adaptation);
  const errors = [...data.measured.keys()]
    .filter(isSeen)
    .map((model) => Math.abs(Math.log(totals.predicted[model]! / data.measured[model]!)));
  const error = errors.reduce((sum, each) => sum + each, 0) / errors.length;
  return { known, weights, adaptation, totals, error };
}

/** The device that is nearest to the measured one once it is calibrated with all totals; undefined if none is known. */
export function nearestKnown(
  known: readonly PredictorDefinition[],
  data: DeviceData,
): AdaptedKnown | undefined {
  return known
    .map((each) => adaptKnown(each, withoutLayers(data), () => true))
    .sort((a, b) => a.error - b.error)[0];
}

/** The same without the times of layers: what calibrating with the totals alone would give. */
export function withoutLayers({ device, set, measured }: DeviceData): DeviceData {
  return { device, set, measured };
}
