import { parentPort, workerData } from 'node:worker_threads';
import { describeFailure } from '../failure.ts';
import { loadPredictors, type PredictorChoice } from '../predictors.ts';
import type { LineBatch } from './dataset.ts';
import { evaluateLines } from './evaluate-lines.ts';

const loaded = loadPredictors(workerData as PredictorChoice);

parentPort?.on('message', async (batch: LineBatch) => {
  try {
    parentPort?.postMessage({ comparisons: evaluateLines(batch, await loaded) });
  } catch (error) {
    parentPort?.postMessage({ failure: describeFailure(error) });
  }
});
