import { type Graph, macsOfNodes, NnMeterError, quote } from '@nnmeter/ir';
import type { RunnableModel, Runner, RunnerResult } from '@nnmeter/runners';
import { impossibility, type ModelSize } from './check-result.ts';
import type { Journal, Phase } from './journal.ts';
import { toRunnable } from './model-bytes.ts';
import type { PlannedModel } from './planned-model.ts';
import { reference } from './schedule.ts';
import { REFERENCE } from './sessions.ts';

export interface StopwatchOptions {
  readonly threads: number;
  /** Longest that one measurement may take, ms; default: a minute, or more where the device is slow. */
  readonly timeoutMs?: number;
  /** A runner that pays no heed to its timeout is left so much later, ms; default 5,000. */
  readonly graceMs?: number;
  readonly signal?: AbortSignal;
  /** ms since 1970; default: the machine's clock. */
  readonly now?: () => number;
  /** Load average of this machine over the last minute, where it is known. */
  readonly load?: () => number;
}

/** Of all runs of one measurement; slow models run less often. */
const TARGET_MS = 200;
const RUNS = { least: 5, most: 30 } as const;
const WARMUPS = 2;
const LEAST_TIMEOUT_MS = 60_000;
/** A device gets so many times what its speed so far would have it need. */
const TIMEOUT_FACTOR = 20;
const GRACE_MS = 5_000;
/** A measurement that fails, or cannot be, is repeated once. */
const ATTEMPTS = 2;
/** A runner that fails for more than this share of the models, of at least so many, is broken. */
const MOST_FAILURES = { share: 0.5, of: 8 } as const;

/** A measurement, or why there is none. */
type Outcome =
  | { readonly result: RunnerResult; readonly tookMs: number }
  | { readonly problem: NnMeterError; readonly isOfModel: boolean };

/** Measures models one at a time, into the journal. */
export class Stopwatch {
  readonly #runner: Runner;
  readonly #journal: Journal;
  readonly #options: StopwatchOptions;
  readonly #now: () => number;
  /** Measured last: it is mostly measured again at once. */
  #last: RunnableModel | undefined;
  readonly #referenceMacs = sizeOf(reference.graph()).macs;

  constructor(runner: Runner, journal: Journal, options: StopwatchOptions) {
    this.#runner = runner;
    this.#journal = journal;
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Measures a model once. One that the runner cannot measure, while it can measure the reference model, is noted as
   * failed.
   * @throws NnMeterError E_RUNNER if it cannot measure that one either, or fails too often
   */
  async measure(model: PlannedModel, phase: Phase): Promise<void> {
    const outcome = await this.#try(model);
    if ('result' in outcome) return this.#note(model, phase, outcome);
    const { problem, isOfModel } = outcome;
    if (model.id === REFERENCE) throw lost(this.#runner, problem);
    if (!isOfModel) {
      const probe = await this.#try(reference);
      if ('problem' in probe) throw lost(this.#runner, problem);
    }
    const at = this.#now();
    await this.#journal.add({
      kind: 'failed',
      id: model.id,
      reason: problem.message,
      at,
      tookMs: 0,
    });
    this.#requireSuccess(problem);
  }

  async #note(
    { id }: PlannedModel,
    phase: Phase,
    { result, tookMs }: Extract<Outcome, { result: RunnerResult }>,
  ): Promise<void> {
    const { ms, medianMs, wallMs, runs, layers } = result;
    const load = this.#options.load?.();
    await this.#journal.add({
      kind: 'measured',
      id,
      phase,
      ms,
      medianMs,
      ...(wallMs !== undefined && { wallMs }),
      runs,
      ...(layers !== undefined && { layers }),
      at: this.#now(),
      tookMs,
      ...(load !== undefined && { load }),
    });
  }

  async #try(model: PlannedModel): Promise<Outcome> {
    if (this.#last?.id !== model.id) this.#last = toRunnable(model.id, model.graph(), this.#runner);
    const runnable = this.#last;
    const size = sizeOf(runnable.graph);
    let layers = this.#wantsLayers(model.id);
    let outcome = await this.#run(runnable, size, layers);
    for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
      if ('result' in outcome) {
        if (outcome.result.layers !== undefined || !this.#misses(layers)) break;
      } else {
        if (outcome.isOfModel) break;
        // It may be the clock of the layers that fails.
        layers = false;
      }
      outcome = await this.#run(runnable, size, layers);
    }
    return outcome;
  }

  async #run(model: RunnableModel, size: ModelSize, layers: boolean): Promise<Outcome> {
    const { threads, signal } = this.#options;
    const expectedMs = this.#expectedMs(size);
    const runs = Math.round(Math.min(RUNS.most, Math.max(RUNS.least, TARGET_MS / expectedMs)));
    const timeoutMs =
      this.#options.timeoutMs ??
      Math.max(LEAST_TIMEOUT_MS, TIMEOUT_FACTOR * (runs + WARMUPS) * expectedMs);
    const started = this.#now();
    try {
      const { graceMs = GRACE_MS } = this.#options;
      const result = await inTime(timeoutMs + graceMs, signal, (inner) =>
        this.#runner.measure(model, {
          runs,
          warmups: WARMUPS,
          threads,
          timeoutMs,
          layers,
          signal: inner,
        }),
      );
      const tookMs = this.#now() - started;
      const impossible = impossibility(result, size, { tookMs, threads });
      if (impossible === undefined) return { result, tookMs };
      return { problem: failure(model.id, impossible), isOfModel: false };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof NnMeterError)) throw error;
      // What cannot be written in the runner's format says nothing about the device.
      return { problem: error, isOfModel: error.code !== 'E_RUNNER' };
    }
  }

  /** By the speed at the reference model. */
  #expectedMs({ macs }: ModelSize): number {
    const lines = this.#journal.lines;
    const last = lines.findLast((line) => line.kind === 'measured' && line.id === REFERENCE);
    if (last?.kind !== 'measured') return TARGET_MS / RUNS.most;
    return Math.max(0.01, last.ms * (macs / this.#referenceMacs));
  }

  /** Once per model: runtimes take longer while they look at the clock for every layer. */
  #wantsLayers(id: string): boolean {
    return (
      id !== REFERENCE &&
      !this.#journal.lines.some((line) => line.kind === 'measured' && line.id === id)
    );
  }

  /** Whether layers are missing that this runner told before. */
  #misses(wanted: boolean): boolean {
    return (
      wanted &&
      this.#journal.lines.some((line) => line.kind === 'measured' && line.layers !== undefined)
    );
  }

  #requireSuccess(problem: NnMeterError): void {
    const failed = new Set<string>();
    const measured = new Set<string>();
    for (const { kind, id } of this.#journal.lines) {
      if (kind === 'failed') failed.add(id);
      if (kind === 'measured' && id !== REFERENCE) measured.add(id);
    }
    const tried = failed.size + measured.size;
    if (tried < MOST_FAILURES.of || failed.size <= MOST_FAILURES.share * tried) return;
    throw new NnMeterError(
      'E_RUNNER',
      `${this.#runner.name} measured ${measured.size} models and failed for ${failed.size}; of the last it says: ${problem.message}`,
      {
        hint: 'see that the runtime works with another model, then resume the build',
        cause: problem,
      },
    );
  }
}

function sizeOf(graph: Graph): ModelSize {
  const macs = macsOfNodes(graph).reduce((sum, each) => sum + each, 0);
  return { macs, nodes: graph.nodes.length };
}

/** Runs something that has to end by itself at a timeout or a signal, and leaves it if it does not. */
async function inTime<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const late = new NnMeterError(
    'E_RUNNER',
    `nothing was measured in ${(timeoutMs / 1000).toPrecision(3)} s`,
  );
  let timer: ReturnType<typeof setTimeout> | undefined;
  const abort = (): void => end.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const left = new Promise<never>((_, reject) => {
    end.signal.addEventListener('abort', () => reject(end.signal.reason), { once: true });
    timer = setTimeout(() => end.abort(late), timeoutMs);
  });
  try {
    signal?.throwIfAborted();
    return await Promise.race([work(end.signal), left]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function failure(id: string, what: string): NnMeterError {
  return new NnMeterError('E_RUNNER', `model ${quote(id)}: ${what}`, { where: { id } });
}

function lost({ name }: Runner, problem: NnMeterError): NnMeterError {
  return new NnMeterError('E_RUNNER', `${name} does not measure any more: ${problem.message}`, {
    where: problem.where,
    hint: 'what was measured is kept; see that the device is there and idle, then resume the build',
    cause: problem,
  });
}
