import { familyOf, isHeldOut } from '@nnmeter/dataset';
import type { LatencyPredictor } from '@nnmeter/predictor';
import { usageError } from '../arguments.ts';

/** Whether a model may have been in a predictor's training data: it is named like one of them that was not held out. */
export function mayBeTrainedOn({ manifest }: LatencyPredictor, id: string): boolean {
  if (!manifest?.protocols) return false;
  const { heldOutFamilies, splitSeeds } = manifest.protocols;
  return Object.hasOwn(heldOutFamilies, familyOf(id)) && !isHeldOut(id, splitSeeds[0]);
}

/**
 * Predictors of the original nn-Meter have no manifest: they saw kernels, and none of these models.
 * @throws NnMeterError E_USAGE if a predictor was trained on models but does not say on which
 */
export function requireKnownTraining({ name, manifest }: LatencyPredictor): void {
  if (manifest === null || manifest.protocols !== undefined) return;
  throw usageError(`--held-out: ${name} does not say which models it was trained on`);
}
