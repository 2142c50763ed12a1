import type { LatencyMetrics } from '@nnmeter/predictor';
import type { DeviceData } from './benchmark.ts';
import { accuracyOf, predictAll, type Totals } from './evaluate.ts';
import { familyOf } from './split.ts';
import { type TrainingOptions, trainDevice } from './train-device.ts';

/**
 * Leave one family out: every family is predicted by a model trained on all the others.
 * @returns the predictions put together: each model's by the training that did not see its family.
 */
export function runFamilyProtocol(
  data: DeviceData,
  ids: readonly string[],
  options: TrainingOptions,
  onFamily: (family: string, metrics: LatencyMetrics | undefined) => void,
): Totals {
  const families = ids.map(familyOf);
  const all: Totals = {
    predicted: new Float64Array(ids.length),
    novel: new Float64Array(ids.length),
    estimated: new Float64Array(ids.length),
  };
  for (const family of new Set(families)) {
    const weights = trainDevice(data, (model) => families[model] !== family, options);
    const totals = predictAll(data, weights);
    onFamily(
      family,
      accuracyOf(data, totals, (model) => families[model] === family),
    );
    for (let model = 0; model < ids.length; model++) {
      if (families[model] !== family) continue;
      all.predicted[model] = totals.predicted[model]!;
      all.novel[model] = totals.novel[model]!;
      all.estimated[model] = totals.estimated[model]!;
    }
  }
  return all;
}
