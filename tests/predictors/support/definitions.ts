import type { PredictorDefinition } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';

/** A real device's definition under another name. */
export function renamed(
  name: string,
  changes: Partial<PredictorDefinition> = {},
): PredictorDefinition {
  return { ...cortexA76, name, aliases: [], ...changes };
}
