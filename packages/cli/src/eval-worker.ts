import { workerData } from 'node:worker_threads';
import { serveTasks } from '@nnmeter/threads';
import type { LineBatch } from './eval/dataset.ts';
import { evaluateLines } from './eval/evaluate-lines.ts';
import { loadPredictors, type PredictorChoice } from './predictors.ts';

/** What a worker of `eval` is told. */
export interface EvalTask extends PredictorChoice {
  readonly column: string | undefined;
}

const { column, ...choice } = workerData as EvalTask;
const loaded = loadPredictors(choice);

serveTasks(async (batch: LineBatch) => evaluateLines(batch, await loaded, column));
