import { workerData } from 'node:worker_threads';
import { loadPredictors, type PredictorChoice } from '../predictors.ts';
import { serveTasks } from '../worker-pool.ts';
import type { LineBatch } from './dataset.ts';
import { evaluateLines } from './evaluate-lines.ts';

const loaded = loadPredictors(workerData as PredictorChoice);

serveTasks(async (batch: LineBatch) => evaluateLines(batch, await loaded));
