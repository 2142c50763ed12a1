import { BatchPool } from '@nnmeter/threads';
import { type WorkerName, workerScript } from './worker-script.ts';

/** How tasks are done; `work` and the script do the same. */
export interface ThreadedWork<Task, Result> {
  work(task: Task): Promise<Result>;
  readonly script: WorkerName;
  /** What the script is told. */
  readonly workerData: unknown;
  /** At most, the calling one included. */
  readonly threads: number;
  /** Pace that is assumed before there is one. */
  readonly msPerTask: number;
}

/**
 * A further thread is started for this much work left, by the pace so far: V8 compiles everything anew in each, which
 * less work does not repay.
 */
const MS_PER_THREAD = 4000;
/** Results per thread that may wait for an earlier one. */
const RESULTS_AHEAD = 32;

/** Results in the order of the tasks; of many tasks, from several threads. */
export async function* mapOnThreads<Task, Result>(
  tasks: readonly Task[],
  { work, script, workerData, threads, msPerTask }: ThreadedWork<Task, Result>,
): AsyncGenerator<Result> {
  const pool = new BatchPool<Task, Result>();
  pool.useThisThread(work);
  function startWorkers(msLeft: number): void {
    while (pool.workers < Math.min(threads - 1, Math.floor(msLeft / MS_PER_THREAD)))
      pool.startWorker(workerScript(script), workerData);
  }
  startWorkers(msPerTask * tasks.length);
  const start = performance.now();
  let done = 0;
  for await (const result of pool.map(tasks, RESULTS_AHEAD)) {
    yield result;
    done++;
    startWorkers(((performance.now() - start) / done) * (tasks.length - done));
  }
}
