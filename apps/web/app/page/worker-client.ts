import type { Failure, Method, Parameters, Part, Request, Response, Result } from '../protocol.ts';

/** What the worker could not do, as it says it. */
export class WorkerFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Pending {
  part(part: unknown): void;
  /** Undefined: replaced. */
  done(result: unknown): void;
  failed(failure: Failure): void;
}

const CRASHED: Failure = {
  code: 'E_INTERNAL',
  message: 'the part of the page that reads models has stopped; load the page again',
};

/** Asks the worker that reads and predicts. */
export class WorkerClient {
  readonly #worker = new Worker(new URL('../worker/worker.ts', import.meta.url), {
    type: 'module',
  });
  readonly #pending = new Map<number, Pending>();
  #requests = 0;

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Response>) =>
      this.#take(data),
    );
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault();
      for (const { failed } of this.#pending.values()) failed(CRASHED);
      this.#pending.clear();
    });
  }

  /**
   * @param subject an older request about the same is given up
   * @returns undefined if a newer request took the place of this one
   * @throws WorkerFailure
   */
  ask<M extends Method>(
    method: M,
    parameters: Parameters<M>,
    subject?: string,
    onPart: (part: Part<M>) => void = () => {},
  ): Promise<Result<M> | undefined> {
    const id = this.#requests++;
    const request = { id, method, parameters, ...(subject !== undefined && { subject }) };
    return new Promise((resolve, reject) => {
      this.#pending.set(id, {
        part: (part) => onPart(part as Part<M>),
        done: (result) => resolve(result as Result<M> | undefined),
        failed: (failure) => reject(new WorkerFailure(failure)),
      });
      this.#worker.postMessage(request as Request);
    });
  }

  #take(response: Response): void {
    const pending = this.#pending.get(response.id);
    if (pending === undefined) return;
    if (response.kind === 'part') {
      pending.part(response.part);
      return;
    }
    this.#pending.delete(response.id);
    if (response.kind === 'failure') pending.failed(response.failure);
    else pending.done(response.kind === 'result' ? response.result : undefined);
  }
}
