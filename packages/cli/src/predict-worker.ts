import { workerData } from 'node:worker_threads';
import { serveTasks } from '@nnmeter/threads';
import { type PredictionJob, predictSource } from './predict-sources.ts';
import { loadPredictors } from './predictors.ts';
import type { Source } from './sources.ts';

const job = workerData as PredictionJob;
const loaded = loadPredictors(job.choice);

serveTasks(async (source: Source) => predictSource(source, job, await loaded));
