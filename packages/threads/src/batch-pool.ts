import { WorkerThread } from './worker-thread.ts';

/**
 * Tasks that a thread has at once: while it reads the file of one, it can work on another, and it has enough to do until
 * the calling thread, busy with a task of its own, sends more. With 3, two threads idled a tenth of the time.
 */
const TASKS_PER_THREAD = 16;

type Work<Task, Result> = (task: Task) => Promise<Result>;

interface Job<Task, Result> {
  readonly task: Task;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/** A thread that takes tasks, the calling one or a worker. */
interface Thread<Task, Result> {
  readonly work: Work<Task, Result>;
  running: number;
}

/** Has the tasks of a batch done by several threads, the calling one among them if wanted, with results in their order. */
export class BatchPool<Task, Result> {
  readonly #queue: Job<Task, Result>[] = [];
  readonly #threads = new Set<Thread<Task, Result>>();
  readonly #workers: WorkerThread<Task, Result>[] = [];
  #crash: unknown;

  /** Threads besides the calling one. */
  get workers(): number {
    return this.#workers.length;
  }

  /** Lets the calling thread take tasks too. */
  useThisThread(work: Work<Task, Result>): void {
    this.#addThread(work);
  }

  /** Starts a thread, see {@link WorkerThread}. */
  startWorker(script: URL, workerData: unknown): void {
    const worker = new WorkerThread<Task, Result>(script, workerData, (error) => {
      this.#crash = error;
      this.#threads.delete(thread);
      this.#startJobs();
    });
    const thread = this.#addThread((task) => worker.run(task));
    this.#workers.push(worker);
  }

  /**
   * Results in the order of the tasks; stops the threads at the end.
   * @param tasksAhead per thread: how many tasks may be started, or done, before an earlier one has its result
   * @throws what the first task to fail failed with
   */
  async *map(
    tasks: AsyncIterable<Task> | Iterable<Task>,
    tasksAhead: number,
  ): AsyncGenerator<Result> {
    const results: Promise<Result>[] = [];
    try {
      for await (const task of tasks) {
        results.push(this.#run(task));
        if (results.length >= tasksAhead * this.#threads.size) yield await results.shift()!;
      }
      for (const result of results) yield await result;
    } finally {
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
  }

  #run(task: Task): Promise<Result> {
    const result = new Promise<Result>((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
    });
    // It is looked at later, or never if an earlier one fails.
    result.catch(() => {});
    this.#startJobs();
    return result;
  }

  #addThread(work: Work<Task, Result>): Thread<Task, Result> {
    const thread = { work, running: 0 };
    this.#threads.add(thread);
    this.#startJobs();
    return thread;
  }

  #startJobs(): void {
    while (this.#queue.length > 0) {
      const [freest] = [...this.#threads].sort((a, b) => a.running - b.running);
      if (freest === undefined) this.#queue.shift()!.reject(this.#crash);
      else if (freest.running < TASKS_PER_THREAD) this.#start(this.#queue.shift()!, freest);
      else break;
    }
  }

  async #start(job: Job<Task, Result>, thread: Thread<Task, Result>): Promise<void> {
    thread.running++;
    await thread.work(job.task).then(job.resolve, job.reject);
    thread.running--;
    this.#startJobs();
  }
}
