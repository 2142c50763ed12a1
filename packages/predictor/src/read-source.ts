import { NnMeterError } from '@nnmeter/ir';
import { withWarning } from './map-reports.ts';
import { installedPlugins } from './plugins.ts';
import type { LatencyPredictor } from './predictor.ts';
import type { PredictorSource, SourceEntry } from './source.ts';

/**
 * What @nnmeter/nn-meter-predictors keeps on this machine, predictors of the original nn-Meter and registered ones in its
 * format; and why what of it cannot be listed.
 */
export async function readSource(): Promise<{
  readonly source: PredictorSource | undefined;
  readonly entries: readonly SourceEntry[];
  readonly problem: NnMeterError | undefined;
}> {
  const [plugin] = await installedPlugins('nnmeter-predictor-source');
  const source = (await plugin?.load())?.predictorSource as PredictorSource | undefined;
  const problems: NnMeterError[] = [];
  let entries: readonly SourceEntry[] = [];
  try {
    entries = (await source?.list((problem) => problems.push(problem))) ?? [];
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw error;
    problems.push(error);
  }
  return { source, entries, problem: inOne(problems) };
}

/** One error that tells of all. */
function inOne(problems: readonly NnMeterError[]): NnMeterError | undefined {
  const [first] = problems;
  if (first === undefined || problems.length === 1) return first;
  const message = problems.map((problem) => problem.message).join('; ');
  return new NnMeterError(first.code, message, { cause: first });
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
