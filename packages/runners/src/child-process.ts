import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type ErrorCode, NnMeterError } from '@nnmeter/ir';
import { Tail } from './tail.ts';

/** What a child answers to each request. */
export type Answer =
  | { readonly result: unknown }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly problem: string;
        readonly hint?: string;
      };
    };

export interface RequestLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A module of ours in a process of its own, which serves requests one after another. A crash or hang in native code ends
 * that process and one request; the next request starts another.
 */
export class ServingProcess {
  readonly #module: string;
  readonly #parameters: readonly string[];
  readonly #output: string;
  readonly #name: string;
  #child: ChildProcess | undefined;
  #stderr = new Tail();
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** @param output file that takes what it prints to stdout @param name what messages call it */
  constructor(module: string, parameters: readonly string[], output: string, name: string) {
    this.#module = module;
    this.#parameters = parameters;
    this.#output = output;
    this.#name = name;
  }

  /** @throws NnMeterError that the module answered with; E_RUNNER if it crashes or takes too long; the signal's reason */
  request(message: object, limits: RequestLimits): Promise<unknown> {
    const answer = this.#last.then(() => this.#serve(message, limits));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#kill();
    await this.#last;
  }

  async #serve(message: object, { timeoutMs, signal }: RequestLimits): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new NnMeterError('E_RUNNER', `${this.#name} was closed`);
    const answer = await this.#answer(this.#start(), message, { timeoutMs, signal });
    if (!('error' in answer)) return answer.result;
    const { code, problem, hint } = answer.error;
    throw new NnMeterError(code, problem, { ...(hint !== undefined && { hint }) });
  }

  async #answer(
    child: ChildProcess,
    message: object,
    { timeoutMs, signal }: RequestLimits,
  ): Promise<Answer> {
    setRef(child, true);
    const done = new AbortController();
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const fail = (how: string) => reject(this.#failure(how));
        child.once('message', (answer: Answer) => resolve(answer));
        child.once('error', ({ message }) => fail(message));
        child.once('close', (code, killer) =>
          fail(killer === null ? `exit code ${code}` : `signal ${killer}`),
        );
        const timer = setTimeout(() => reject(this.#tooLong(timeoutMs)), timeoutMs);
        done.signal.addEventListener('abort', () => clearTimeout(timer));
        signal?.addEventListener('abort', () => reject(signal.reason), { signal: done.signal });
        child.send(message, (error) => error && fail(error.message));
      });
    } catch (error) {
      this.#kill();
      throw error;
    } finally {
      done.abort();
      for (const event of ['message', 'error', 'close']) child.removeAllListeners(event);
      setRef(child, false);
    }
  }

  #start(): ChildProcess {
    if (this.#child?.connected) return this.#child;
    const output = openSync(this.#output, 'a');
    const child = fork(this.#module, this.#parameters, {
      execArgv: [],
      stdio: ['ignore', output, 'pipe', 'ipc'],
    });
    closeSync(output);
    this.#stderr = new Tail();
    child.stderr!.on('data', (piece: Buffer) => this.#stderr.add(piece));
    this.#child = child;
    return child;
  }

  #kill(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #failure(how: string): NnMeterError {
    const said = this.#stderr.text();
    return new NnMeterError(
      'E_RUNNER',
      `${this.#name} broke down (${how})${said === '' ? '' : `: ${said}`}`,
    );
  }

  #tooLong(ms: number): NnMeterError {
    return new NnMeterError('E_RUNNER', `${this.#name} took more than ${ms / 1000} s`, {
      hint: 'allow it more time, or leave this model out',
    });
  }
}

/** Whether this process stays for a child and what connects them. */
function setRef(child: ChildProcess, isNeeded: boolean): void {
  const what = isNeeded ? 'ref' : 'unref';
  child[what]();
  child.channel?.[what]();
  (child.stderr as Socket)[what]();
}
