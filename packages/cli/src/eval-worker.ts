import { workerData } from 'node:worker_threads';
import { serveTasks } from '@nnmeter/threads';
import type { LineBatch } from './eval/dataset.ts';
import { evaluateLines } from './eval/evaluate-lines.ts';
import { loadPredictors, type PredictorChoice } from './predictors.ts';

const loaded = loadPredictors(workerData as PredictorChoice);

serveTasks(async (batch: LineBatch) => evaluateLines(batch, await loaded));
