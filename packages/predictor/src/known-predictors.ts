import knownPredictors from './generated/known-predictors.ts';

/** A predictor that exists as a package which may not be installed. */
export interface KnownPredictor {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly product: string;
  readonly package: string;
}

/** The published plugins: enough to name them, and to say what to install. */
export const KNOWN_PREDICTORS: readonly KnownPredictor[] = knownPredictors;
