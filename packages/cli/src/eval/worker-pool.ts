import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, NnMeterError } from '@nnmeter/ir';
import { describeFailure, type Failure } from '../failure.ts';
import type { PredictorChoice } from '../predictors.ts';
import type { LineBatch } from './dataset.ts';
import type { Comparison } from './evaluate-lines.ts';

type Answer = { readonly comparisons: Comparison[][] } | { readonly failure: Failure };

/** More threads than this wait for the one that reads the file. */
const MAX_WORKERS = 8;

/** Evaluates batches on several threads; results come in the order of the batches, and the first error ends it. */
export async function* evaluateInWorkers(
  batches: AsyncIterable<LineBatch>,
  choice: PredictorChoice,
): AsyncGenerator<Comparison[][]> {
  const workers = Array.from(
    { length: Math.min(MAX_WORKERS, availableParallelism()) },
    () => new EvaluationWorker(choice),
  );
  const running: Promise<Answer>[] = [];
  try {
    let next = 0;
    for await (const batch of batches) {
      running.push(workers[next++ % workers.length]!.evaluate(batch));
      if (running.length >= 2 * workers.length) yield unwrap(await running.shift()!);
    }
    for (const answer of running) yield unwrap(await answer);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

function unwrap(answer: Answer): Comparison[][] {
  if ('comparisons' in answer) return answer.comparisons;
  throw new NnMeterError(answer.failure.code as ErrorCode, answer.failure.message);
}

/** A thread that answers batches one after the other. */
class EvaluationWorker {
  readonly #worker: Worker;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #crash: Answer | undefined;

  constructor(workerData: PredictorChoice) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
    this.#worker.on('message', (answer: Answer) => this.#waiting.shift()?.(answer));
    this.#worker.on('error', (error) => {
      const crash = { failure: describeFailure(error) };
      this.#crash = crash;
      for (const answer of this.#waiting.splice(0)) answer(crash);
    });
  }

  async evaluate(batch: LineBatch): Promise<Answer> {
    if (this.#crash !== undefined) return this.#crash;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage(batch);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
