import { locateError } from '@nnmeter/ir';
import { fusionsOf, groupProfiled, layersOf, requireTold } from './onnx-layers.ts';
import { type ProfiledNode, readProfile } from './profile.ts';
import type {
  FusedNode,
  MeasureOptions,
  RunnableModel,
  Runner,
  RunnerFacts,
  RunnerResult,
} from './runner.ts';
import { requireLayers } from './samples.ts';
import { type Answer, type RequestLimits, type Served, Serving } from './serving.ts';
import type { WorkerFacts, WorkerMeasurement, WorkerRequest } from './worker-scope.ts';

/** What is used of a browser's `Worker`. */
export interface RuntimeWorker {
  postMessage(message: object): void;
  addEventListener(type: 'message', listener: (event: { readonly data: Answer }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
  terminate(): void;
}

export interface WorkerRunnerOptions {
  /** Starts a worker that calls `serveOnnxRuntime`. */
  readonly start: () => RuntimeWorker;
  /** What is known besides. */
  readonly facts?: Partial<RunnerFacts>;
}

const NAME = 'onnxruntime-web';
/** With the runtime to be fetched, by whatever network. */
const START_MS = 600_000;
/** A run for its profile alone measures nothing, so nobody says how long it may take. */
const PROFILE_MS = 60_000;
/** Times of layers that are told in greater steps are none of single runs. */
const MAX_STEP_MS = 0.01;

/**
 * ONNX Runtime as WebAssembly in a worker of a browser: wall time, times of layers, fusions where names of nodes tell them.
 * A worker that fails or takes too long is ended, and the next request starts another.
 */
export function workerRunner(options: WorkerRunnerOptions): Runner {
  return new WorkerRunner(options);
}

class WorkerRunner implements Runner {
  readonly name = NAME;
  readonly format = 'onnx';
  readonly #known: Partial<RunnerFacts>;
  readonly #serving: Serving;
  #facts: Promise<WorkerFacts> | undefined;

  constructor({ start, facts = {} }: WorkerRunnerOptions) {
    this.#known = facts;
    this.#serving = new Serving(NAME, () => serveByWorker(start()));
  }

  async facts(signal?: AbortSignal): Promise<RunnerFacts> {
    const { version, clockStepMs } = await this.#workerFacts(signal);
    return {
      runtime: NAME,
      processor: 'WebAssembly',
      ...(version !== undefined && { version }),
      kind: 'cpu',
      time: 'wall',
      clockStepMs,
      ...this.#known,
    };
  }

  async measure(model: RunnableModel, options: MeasureOptions): Promise<RunnerResult> {
    const { runs, warmups, threads, layers } = options;
    return this.#named(model, async (bytes) => {
      const asked = { bytes, runs, warmups, threads, profiles: layers };
      const { result, nodes } = await this.#measure(asked, options);
      if (!layers) return result;
      const groups = await groupProfiled(model.graph, bytes, nodes);
      return { ...result, layers: requireLayers(layersOf(groups, nodes), result.ms) };
    });
  }

  fusedNodes(model: RunnableModel, signal?: AbortSignal): Promise<readonly FusedNode[]> {
    return this.#named(model, async (bytes) => {
      const once = { bytes, runs: 1, warmups: 0, threads: 1, profiles: true };
      const { nodes } = await this.#measure(once, { timeoutMs: PROFILE_MS, signal });
      return fusionsOf(requireTold(await groupProfiled(model.graph, bytes, nodes)));
    });
  }

  close(): Promise<void> {
    return this.#serving.close();
  }

  /** Errors name the model. */
  async #named<T>(model: RunnableModel, body: (bytes: Uint8Array) => Promise<T>): Promise<T> {
    try {
      return await body(model.bytes());
    } catch (error) {
      throw locateError({ file: model.id }, error);
    }
  }

  async #measure(
    asked: Omit<Extract<WorkerRequest, { kind: 'measure' }>, 'kind'>,
    limits: RequestLimits,
  ): Promise<{ readonly result: RunnerResult; readonly nodes: readonly ProfiledNode[] }> {
    const { result, profile } = (await this.#request(
      { kind: 'measure', ...asked },
      limits,
    )) as WorkerMeasurement;
    if (profile === undefined) return { result, nodes: [] };
    const { clockStepMs } = await this.#workerFacts(limits.signal);
    const figure = clockStepMs > MAX_STEP_MS ? 'mean' : 'minimum';
    return { result, nodes: readProfile(profile, asked, figure) };
  }

  #workerFacts(signal: AbortSignal | undefined): Promise<WorkerFacts> {
    this.#facts ??= this.#request({ kind: 'facts' }, { timeoutMs: START_MS, signal }).catch(
      (error: unknown) => {
        this.#facts = undefined;
        throw error;
      },
    ) as Promise<WorkerFacts>;
    return this.#facts;
  }

  #request(request: WorkerRequest, limits: RequestLimits): Promise<unknown> {
    return this.#serving.request(request, limits);
  }
}

/** WebAssembly that failed once fails at everything after: its worker is not asked again. */
function serveByWorker(worker: RuntimeWorker): Served {
  let hasFailed = false;
  let answered: (answer: Answer) => void = () => {};
  let broke: (error: Error) => void = () => {};
  worker.addEventListener('message', ({ data }) => {
    hasFailed ||= 'error' in data;
    answered(data);
  });
  worker.addEventListener('error', ({ message = 'its worker does not start' }) => {
    hasFailed = true;
    broke(new Error(message));
  });
  return {
    get isAlive() {
      return !hasFailed;
    },
    ask: (request) =>
      new Promise((resolve, reject) => {
        answered = resolve;
        broke = reject;
        worker.postMessage(request);
      }),
    kill: () => worker.terminate(),
  };
}
