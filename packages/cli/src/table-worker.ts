import { workerData } from 'node:worker_threads';
import { measureSamples, type Sample } from '@nnmeter/nas';
import { serveTasks } from '@nnmeter/threads';
import { loadPredictors, type PredictorChoice } from './predictors.ts';
import { openSpace, type SpaceChoice } from './space-choice.ts';

/** What a worker that measures networks of a space is told. */
export interface TableJob {
  readonly space: SpaceChoice;
  readonly predictors: PredictorChoice;
}

const job = workerData as TableJob;
const loaded = Promise.all([openSpace(job.space), loadPredictors(job.predictors)]);

serveTasks(async (samples: readonly Sample[]) => measureSamples(...(await loaded), samples));
