import { familyOf } from '@nnmeter/dataset';
import type { LatencyMetrics, LatencyModelWeights } from '@nnmeter/latency-model';
import type { FamilyMetrics } from '@nnmeter/predictor';
import { accuracyOf, predictAll, type Totals } from './evaluate.ts';
import type { DeviceData } from './measured-models.ts';

/** Trains a device's model on the models that `isTraining` lets through. */
export type Train = (isTraining: (model: number) => boolean) => LatencyModelWeights;

/** A family, its measured models, and what a training on all other families predicts. */
export interface LeftOutFamily {
  readonly family: string;
  readonly models: readonly number[];
  readonly weights: LatencyModelWeights;
  readonly totals: Totals;
  readonly accuracy: LatencyMetrics;
}

/** Leave one family out: every measured family is predicted by a model trained on all the others. */
export function* leaveFamiliesOut(
  data: DeviceData,
  ids: readonly string[],
  train: Train,
): Generator<LeftOutFamily> {
  const families = ids.map(familyOf);
  for (const family of new Set(families)) {
    const isOfFamily = (model: number): boolean => families[model] === family;
    const models = measuredModels(data).filter(isOfFamily);
    if (models.length === 0) continue;
    const weights = train((model) => !isOfFamily(model));
    const totals = predictAll(data, weights);
    yield { family, models, weights, totals, accuracy: accuracyOf(data, totals, isOfFamily)! };
  }
}

/** Accuracy by family over the measured models that `isCounted` lets through. */
export function accuracyByFamily(
  data: DeviceData,
  ids: readonly string[],
  totals: Totals,
  isCounted: (model: number) => boolean,
): FamilyMetrics {
  const families = ids.map(familyOf);
  const entries = [...new Set(families)].map(
    (family) =>
      [
        family,
        accuracyOf(data, totals, (model) => isCounted(model) && families[model] === family),
      ] as const,
  );
  return Object.fromEntries(
    entries.flatMap(([family, metrics]) => (metrics === undefined ? [] : [[family, metrics]])),
  );
}

export function measuredModels({ measured }: DeviceData): number[] {
  return [...measured.keys()].filter((model) => measured[model]! > 0);
}
