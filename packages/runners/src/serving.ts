import { type ErrorCode, NnMeterError } from '@nnmeter/ir';

/** What is answered to a request. */
export type Answer =
  | { readonly result: unknown }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly problem: string;
        readonly hint?: string;
      };
    };

/** The answer that work makes; what ONNX Runtime throws is an error of the runner. */
export async function answerOf(work: () => Promise<unknown>): Promise<Answer> {
  try {
    return { result: await work() };
  } catch (error) {
    if (!(error instanceof NnMeterError)) {
      return { error: { code: 'E_RUNNER', problem: `ONNX Runtime fails: ${error}` } };
    }
    const { code, problem, hint } = error;
    return { error: { code, problem, ...(hint !== undefined && { hint: hint.text }) } };
  }
}

/** A process or worker of ours that answers requests. */
export interface Served {
  /** Whether it can be asked once more. */
  readonly isAlive: boolean;
  /** @throws Error saying how it broke down */
  ask(request: object): Promise<Answer>;
  /** Ends it, whatever it does. */
  kill(): void;
}

export interface RequestLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Has requests answered one after another by what may crash or hang in native code: that ends one request, and the next
 * starts another process or worker.
 */
export class Serving {
  readonly #start: () => Served;
  readonly #name: string;
  #served: Served | undefined;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** @param name what messages call it */
  constructor(name: string, start: () => Served) {
    this.#name = name;
    this.#start = start;
  }

  /** @throws NnMeterError that is answered; E_RUNNER if it crashes or takes too long; the signal's reason */
  request(request: object, limits: RequestLimits): Promise<unknown> {
    const answer = this.#last.then(() => this.#serve(request, limits));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#kill();
    await this.#last;
  }

  async #serve(request: object, limits: RequestLimits): Promise<unknown> {
    limits.signal?.throwIfAborted();
    if (this.#isClosed) throw new NnMeterError('E_RUNNER', `${this.#name} was closed`);
    if (this.#served?.isAlive !== true) {
      this.#kill();
      this.#served = this.#start();
    }
    const answer = await this.#answer(this.#served, request, limits);
    if (!('error' in answer)) return answer.result;
    const { code, problem, hint } = answer.error;
    throw new NnMeterError(code, problem, { ...(hint !== undefined && { hint }) });
  }

  async #answer(
    served: Served,
    request: object,
    { timeoutMs, signal }: RequestLimits,
  ): Promise<Answer> {
    const done = new AbortController();
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const timer = setTimeout(() => reject(this.#tooLong(timeoutMs)), timeoutMs);
        done.signal.addEventListener('abort', () => clearTimeout(timer));
        signal?.addEventListener('abort', () => reject(signal.reason), { signal: done.signal });
        served.ask(request).then(resolve, ({ message }: Error) => {
          reject(new NnMeterError('E_RUNNER', `${this.#name} broke down: ${message}`));
        });
      });
    } catch (error) {
      this.#kill();
      throw error;
    } finally {
      done.abort();
    }
  }

  #kill(): void {
    this.#served?.kill();
    this.#served = undefined;
  }

  #tooLong(ms: number): NnMeterError {
    return new NnMeterError('E_RUNNER', `${this.#name} took more than ${ms / 1000} s`, {
      hint: 'allow it more time, or leave this model out',
    });
  }
}
