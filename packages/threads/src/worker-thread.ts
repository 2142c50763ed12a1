import { parentPort, type ResourceLimits, Worker } from 'node:worker_threads';
import { type ErrorDetails, NnMeterError } from '@nnmeter/ir';

/** An error on its way to another thread, where an NnMeterError has to be one again. */
type Failure =
  | (Pick<NnMeterError, 'code' | 'problem'> & { readonly details: ErrorDetails })
  | { readonly thrown: unknown };

type Answer<Result> = { readonly id: number } & (
  | { readonly result: Result }
  | { readonly failure: Failure }
);

interface Pending<Result> {
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/** A thread that does tasks: a script that calls {@link serveTasks}. */
export class WorkerThread<Task, Result> {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending<Result>>();
  #next = 0;
  #hasEnded = false;

  /**
   * @param workerData what the script finds as its `workerData`
   * @param onCrash called once if the thread ends by itself; its tasks fail with the same error
   */
  constructor(
    script: URL,
    workerData: unknown,
    onCrash: (error: unknown) => void,
    resourceLimits: ResourceLimits = {},
  ) {
    this.#worker = new Worker(script, { workerData, resourceLimits });
    this.#worker.on('message', (answer: Answer<Result>) => {
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if ('result' in answer) pending?.resolve(answer.result);
      else pending?.reject(toError(answer.failure));
    });
    const crash = (error: unknown): void => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      onCrash(error);
      for (const { reject } of this.#pending.values()) reject(error);
    };
    this.#worker.on('error', crash);
    this.#worker.on('exit', (code) => {
      crash(new NnMeterError('E_INVALID_INPUT', `what it runs ends its thread, with code ${code}`));
    });
  }

  /** Has the thread do a task, beside those that it has. @throws what the task throws, or what ends the thread */
  run(task: Task): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#worker.postMessage({ id: this.#next, task });
      this.#pending.set(this.#next++, { resolve, reject });
    });
  }

  /** Ends the thread, whatever it is doing; its tasks get no answer. */
  async terminate(): Promise<void> {
    this.#hasEnded = true;
    await this.#worker.terminate();
  }
}

/** In a worker thread: does the tasks that a {@link WorkerThread} sends. */
export function serveTasks<Task>(work: (task: Task) => Promise<unknown>): void {
  parentPort?.on('message', async ({ id, task }: { id: number; task: Task }) => {
    try {
      parentPort?.postMessage({ id, result: await work(task) });
    } catch (error) {
      parentPort?.postMessage({ id, failure: toFailure(error) });
    }
  });
}

function toFailure(error: unknown): Failure {
  if (!(error instanceof NnMeterError)) return { thrown: error };
  const { code, problem, where, hint } = error;
  return { code, problem, details: { where, ...(hint && { hint }) } };
}

function toError(failure: Failure): unknown {
  if ('thrown' in failure) return failure.thrown;
  return new NnMeterError(failure.code, failure.problem, failure.details);
}
