import { type Graph, NnMeterError } from '@nnmeter/ir';
import { importOptional } from './optional-package.ts';
import { graphOf, type LatencyPredictor } from './predictor.ts';
import type { LatencyReport } from './report.ts';
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

/** Says in its reports that other predictors could not be read. */
export function withWarning(predictor: LatencyPredictor, problem?: NnMeterError): LatencyPredictor {
  if (problem === undefined) return predictor;
  const warning = `other predictors on this machine are left out: ${problem.message}`;
  const predictGraph = (graph: Graph): LatencyReport => {
    const report = predictor.predictGraph(graph);
    return { ...report, warnings: [...report.warnings, warning] };
  };
  return {
    ...predictor,
    predictGraph,
    predict: async (model, modelType, options) =>
      predictGraph(await graphOf(model, modelType, options)),
  };
}
