import { parentPort, workerData } from 'node:worker_threads';
import { describeFailure } from '../failure.ts';
import { loadPredictors } from '../predictors.ts';
import type { LineBatch } from './dataset.ts';
import { evaluateLines } from './evaluate-lines.ts';

/** What a worker thread is started with. */
export interface WorkerSettings {
  readonly predictors: readonly string[];
  readonly version: string | undefined;
}

const { predictors, version } = workerData as WorkerSettings;
const loaded = loadPredictors(predictors, version);

parentPort?.on('message', async (batch: LineBatch) => {
  try {
    parentPort?.postMessage({ comparisons: evaluateLines(batch, await loaded) });
  } catch (error) {
    parentPort?.postMessage({ failure: describeFailure(error) });
  }
});
