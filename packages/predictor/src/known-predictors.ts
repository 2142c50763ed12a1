import type { SettingSummary } from './definition.ts';
import knownPredictors from './generated/known-predictors.ts';

/** A predictor that exists as a package which may not be installed. */
export interface KnownPredictor {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly product: string;
  /** Of several predictors the package may be: its default export has them by name. */
  readonly package: string;
  readonly accuracy?: 'experimental';
  /** In which settings it was measured, of what is learned. */
  readonly settings?: readonly SettingSummary[];
}

/** The published plugins: enough to name them, and to say what to install. */
export const KNOWN_PREDICTORS: readonly KnownPredictor[] = knownPredictors;
