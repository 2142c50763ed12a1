import { type Adaptation, decodeWeights, type LatencyModelWeights } from '@nnmeter/latency-model';
import { decodeBase64, type PredictorDefinition } from '@nnmeter/predictor';
import { adaptDevice, type DeviceData, predictAll, type Totals } from '@nnmeter/training';

/** A device whose predictor is there, adapted to another one. */
export interface AdaptedKnown {
  readonly known: PredictorDefinition;
  readonly weights: LatencyModelWeights;
  readonly adaptation: Adaptation;
  /** By model. */
  readonly totals: Totals;
  /** Mean absolute logarithm of predicted by measured over all models. */
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
  const own = decodeWeights(decodeBase64(known.weights)!);
  const { weights, adaptation } = adaptDevice(data, own, isSeen);
  const totals = predictAll(data, weights, adaptation);
  const errors = data.measured.map((ms, model) =>
    Math.abs(Math.log(totals.predicted[model]! / ms)),
  );
  const error = errors.reduce((sum, each) => sum + each, 0) / errors.length;
  return { known, weights, adaptation, totals, error };
}

/** Models that decide which of several devices is the nearest: more take longer and decide the same. */
const DECIDING = 30;

/** The device that is nearest to the measured one, calibrated with all totals; undefined if none is known. */
export function nearestKnown(
  known: readonly PredictorDefinition[],
  data: DeviceData,
): AdaptedKnown | undefined {
  const totals = withoutLayers(data);
  const adaptTo = (device: PredictorDefinition, share: number): AdaptedKnown =>
    adaptKnown(
      device,
      totals,
      (model) => Math.floor(model * share) < Math.floor((model + 1) * share),
    );
  const share = Math.min(1, DECIDING / data.measured.length);
  const nearest =
    known.length < 2
      ? known[0]
      : known
          .map((device) => adaptTo(device, share))
          .reduce((best, each) => (each.error < best.error ? each : best)).known;
  return nearest && adaptTo(nearest, 1);
}

/** The same without the times of layers: what calibrating with the totals alone would give. */
export function withoutLayers({ device, set, measured }: DeviceData): DeviceData {
  return { device, set, measured };
}
