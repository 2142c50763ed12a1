import { workerData } from 'node:worker_threads';
import type { LineBatch } from './eval/dataset.ts';
import { evaluateLines } from './eval/evaluate-lines.ts';
import { loadPredictors, type PredictorChoice } from './predictors.ts';
import { serveTasks } from './worker-pool.ts';

const loaded = loadPredictors(workerData as PredictorChoice);

serveTasks(async (batch: LineBatch) => evaluateLines(batch, await loaded));
