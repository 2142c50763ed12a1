import { NnMeterError } from '@nnmeter/ir';
import { withWarning } from './map-reports.ts';
import { importOptional } from './optional-package.ts';
import type { LatencyPredictor } from './predictor.ts';
import type { PredictorSource, SourceEntry } from './source.ts';

/**
 * What @nnmeter/nn-meter-predictors keeps on this machine, predictors of the original nn-Meter and registered ones in its
 * format; or why that cannot be listed.
 */
export async function readSource(): Promise<{
  readonly source?: PredictorSource | undefined;
  readonly entries: readonly SourceEntry[];
  readonly problem?: NnMeterError;
}> {
  const source = (await importOptional('@nnmeter/nn-meter-predictors'))?.predictorSource as
    | PredictorSource
    | undefined;
  try {
    return { source, entries: (await source?.list()) ?? [] };
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw error;
    return { entries: [], problem: error };
  }
}

/** Says in a predictor's reports that others could not be read. */
export function warnOfOthers(
  predictor: LatencyPredictor,
  problem: NnMeterError | undefined,
): LatencyPredictor {
  if (problem === undefined) return predictor;
  return withWarning(
    predictor,
    `other predictors on this machine are left out: ${problem.message}`,
  );
}
