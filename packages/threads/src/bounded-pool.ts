import { NnMeterError } from '@nnmeter/ir';
import { WorkerThread } from './worker-thread.ts';

/** What tasks of a {@link BoundedPool} may take. */
export interface PoolLimits {
  /** Threads, one task at a time in each; the second and later ones start when they are needed. */
  readonly threads: number;
  /** Tasks that may wait for a thread. */
  readonly waiting: number;
  /** Time that a task may take once it has a thread, ms. */
  readonly taskMs: number;
  /** Memory for the objects of a thread, MiB. */
  readonly memoryMiB: number;
}

interface Job<Task, Result> {
  readonly task: Task;
  readonly taskMs: number;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/**
 * Has single tasks of strangers done by worker threads. A task that takes too long, or too much memory, fails alone: its
 * thread is ended and the next task gets a new one.
 */
export class BoundedPool<Task, Result> {
  readonly #script: URL;
  readonly #workerData: unknown;
  readonly #limits: PoolLimits;
  readonly #queue: Job<Task, Result>[] = [];
  readonly #idle: WorkerThread<Task, Result>[] = [];
  readonly #threads = new Set<WorkerThread<Task, Result>>();

  /** @param workerData see {@link WorkerThread} */
  constructor(script: URL, workerData: unknown, limits: PoolLimits) {
    this.#script = script;
    this.#workerData = workerData;
    this.#limits = limits;
  }

  /** Tasks that have a thread. */
  get running(): number {
    return this.#threads.size - this.#idle.length;
  }

  /** Tasks that wait for one. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Does a task as soon as a thread is free.
   * @param taskMs time that this one may take, if not that of all
   * @throws NnMeterError E_BUSY if too many wait already, E_TIMEOUT, E_LIMIT if it needs too much memory; what it throws
   */
  async run(task: Task, taskMs = this.#limits.taskMs): Promise<Result> {
    const isFree = this.#idle.length > 0 || this.#threads.size < this.#limits.threads;
    if (!isFree && this.#queue.length >= this.#limits.waiting) {
      throw new NnMeterError('E_BUSY', `${this.#queue.length} requests are waiting already`, {
        hint: 'try again later',
      });
    }
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ task, taskMs, resolve, reject });
      this.#startJobs();
    });
  }

  /** Ends all threads. Tasks that are under way or wait get no answer. */
  async close(): Promise<void> {
    this.#queue.length = 0;
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #startThread(): void {
    const { memoryMiB } = this.#limits;
    const thread: WorkerThread<Task, Result> = new WorkerThread(
      this.#script,
      this.#workerData,
      () => this.#forget(thread),
      { maxOldGenerationSizeMb: memoryMiB },
    );
    this.#threads.add(thread);
    this.#idle.push(thread);
  }

  #forget(thread: WorkerThread<Task, Result>): void {
    this.#threads.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #startJobs(): void {
    while (this.#queue.length > 0) {
      if (this.#idle.length === 0 && this.#threads.size < this.#limits.threads) this.#startThread();
      const thread = this.#idle.pop();
      if (thread === undefined) return;
      void this.#do(this.#queue.shift()!, thread);
    }
  }

  async #do(job: Job<Task, Result>, thread: WorkerThread<Task, Result>): Promise<void> {
    const { taskMs } = job;
    const { memoryMiB } = this.#limits;
    const timer = setTimeout(() => {
      this.#forget(thread);
      void thread.terminate();
      job.reject(new NnMeterError('E_TIMEOUT', `it takes longer than ${taskMs / 1000} s`));
      this.#startJobs();
    }, taskMs);
    try {
      job.resolve(await thread.run(job.task));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isTooLarge = code === 'ERR_WORKER_OUT_OF_MEMORY';
      const problem = `it needs more than ${memoryMiB} MiB of memory`;
      job.reject(isTooLarge ? new NnMeterError('E_LIMIT', problem, { cause: error }) : error);
    } finally {
      clearTimeout(timer);
      if (this.#threads.has(thread)) this.#idle.push(thread);
      this.#startJobs();
    }
  }
}
