import type { ReadOptions } from '@nnmeter/ir';
import { type LatencyPredictor, requireComplete } from '@nnmeter/predictor';
import {
  type Limits,
  overLimits,
  type PredictionStyle,
  type RenderedPrediction,
  renderPrediction,
} from '@nnmeter/report';
import { mapOnThreads } from './map-on-threads.ts';
import type { PredictorChoice } from './predictors.ts';
import { type Outcome, processSource, readWith, reportEmptyFolders } from './process-sources.ts';
import type { Source } from './sources.ts';

/** How models are predicted; plain data, so that worker threads can be told. */
export interface PredictionJob {
  readonly choice: PredictorChoice;
  readonly readOptions: ReadOptions;
  readonly style: PredictionStyle;
  /** Whether a model that is not counted to the end is an error. */
  readonly strict: boolean;
  readonly limits: Limits;
}

/** What is shown of a model, and where it is over the limits. */
export interface CheckedPrediction extends RenderedPrediction {
  readonly overLimits: readonly string[];
}

type Prediction = Outcome<CheckedPrediction>;

/** Pace that is assumed before there is one. */
const MS_PER_MODEL = 10;

/** Predicts every source on all predictors, in order; long batches on several threads. */
export async function* predictSources(
  sources: readonly Source[],
  job: PredictionJob,
  predictors: readonly LatencyPredictor[],
  threads: number,
): AsyncGenerator<Prediction> {
  const outcomes = mapOnThreads(sources, {
    work: (source: Source) => predictSource(source, job, predictors),
    ...{ script: 'predict', workerData: job, threads, msPerTask: MS_PER_MODEL },
  });
  yield* reportEmptyFolders(sources, outcomes);
}

/** Reads one model and predicts it; never throws. */
export function predictSource(
  source: Source,
  { readOptions, style, strict, limits }: PredictionJob,
  predictors: readonly LatencyPredictor[],
): Promise<Prediction> {
  return processSource(source, readWith(readOptions), async ({ graph, type }, { model }) => {
    const reports = predictors.map((predictor) => predictor.predictGraph(graph));
    if (strict) for (const report of reports) requireComplete(report);
    const reasons = new Set(reports.flatMap((report) => overLimits(report, limits)));
    return { ...(await renderPrediction(model, type, reports, style)), overLimits: [...reasons] };
  });
}
