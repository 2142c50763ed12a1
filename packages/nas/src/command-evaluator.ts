import type { ChildProcess } from 'node:child_process';
import { NnMeterError } from '@nnmeter/ir';
import { endProgram, startProgram, Tail } from '@nnmeter/runners';
import { readAnswer } from './answers.ts';
import {
  type Evaluation,
  type EvaluationLimits,
  type EvaluationRequest,
  type Evaluator,
  withRetries,
} from './evaluator.ts';

/** More than any answer has, in bytes. */
const MAX_LINE = 1 << 20;
/** How long a program that is no longer needed may take to end by itself. */
const ENDING_MS = 1000;

export interface CommandEvaluatorOptions extends EvaluationLimits {
  /** So many processes of the command. */
  readonly parallel: number;
}

/**
 * A command of the user's that trains and tells what candidates are worth, started in as many processes as work at once:
 * it reads a JSON line of a candidate from stdin and answers with a JSON line on stdout, one after another. A process that
 * crashes or takes too long is killed with all it started, and the candidate tried again in a new one.
 * @param command a line of the shell
 */
export function commandEvaluator(command: string, options: CommandEvaluatorOptions): Evaluator {
  const { parallel } = options;
  if (command.trim() === '')
    throw new NnMeterError('E_INVALID_INPUT', 'the command of the evaluator is empty');
  const name = 'the evaluator';
  const answered = new Set<number>();
  const idle = Array.from({ length: parallel }, () => new Worker(command, name, answered));
  const all = [...idle];
  const waiting: ((worker: Worker) => void)[] = [];
  const take = (): Promise<Worker> => {
    const worker = idle.pop();
    return worker ? Promise.resolve(worker) : new Promise((resolve) => waiting.push(resolve));
  };
  const giveBack = (worker: Worker): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(worker);
    else next(worker);
  };
  return {
    name,
    parallel,
    async evaluate(request, signal) {
      const worker = await take();
      try {
        return await withRetries(options, signal, () =>
          worker.ask(request, options.timeoutMs, signal),
        );
      } finally {
        giveBack(worker);
      }
    },
    async close() {
      const ended = await Promise.allSettled(all.map((worker) => worker.end()));
      for (const result of ended) if (result.status === 'rejected') throw result.reason;
    },
  };
}

/** One process of the command at a time; it asks one candidate at a time. */
class Worker {
  readonly #command: string;
  readonly #name: string;
  /** Ids that any worker had an answer for. */
  readonly #answered: Set<number>;
  #child: ChildProcess | undefined;
  #tail = new Tail();
  #rest = '';
  /** What the process said that makes it no evaluator. */
  #broken: NnMeterError | undefined;
  #asked: number | undefined;
  #onEvent: ((event: Evaluation | NnMeterError) => void) | undefined;

  constructor(command: string, name: string, answered: Set<number>) {
    this.#command = command;
    this.#name = name;
    this.#answered = answered;
  }

  /** @throws NnMeterError E_EVALUATOR if what it prints is no answer, or none to what it was asked; the signal's reason */
  async ask(
    request: EvaluationRequest,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Evaluation> {
    if (this.#broken !== undefined) throw this.#broken;
    const child = this.#child ?? this.#start();
    this.#asked = request.id;
    const done = new AbortController();
    try {
      const event = await new Promise<Evaluation | NnMeterError>((resolve, reject) => {
        this.#onEvent = resolve;
        const timer = setTimeout(() => {
          this.#kill();
          resolve({ failed: `it took more than ${timeoutMs / 1000} s` });
        }, timeoutMs);
        done.signal.addEventListener('abort', () => clearTimeout(timer));
        signal?.addEventListener(
          'abort',
          () => {
            this.#kill();
            reject(signal.reason);
          },
          { signal: done.signal },
        );
        child.stdin!.write(`${JSON.stringify(request)}\n`);
      });
      if (event instanceof NnMeterError) throw event;
      return event;
    } finally {
      done.abort();
      this.#asked = undefined;
      this.#onEvent = undefined;
    }
  }

  /** Lets the process end by itself: its input is over. @throws NnMeterError E_EVALUATOR if it is broken */
  async end(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin!.end();
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise((resolve) => {
        timer = setTimeout(resolve, ENDING_MS);
      });
      await Promise.race([closed, patience]);
      clearTimeout(timer);
    }
    this.#kill();
    if (this.#broken !== undefined) throw this.#broken;
  }

  #start(): ChildProcess {
    const child = startProgram(this.#command, [], {
      shell: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#tail = new Tail();
    this.#rest = '';
    child.stdin!.on('error', () => {
      // It has ended, which `close` tells.
    });
    child.stderr!.on('data', (piece: Buffer) => this.#tail.add(piece));
    child.stdout!.setEncoding('utf8');
    child.stdout!.on('data', (piece: string) => this.#read(piece));
    child.once('error', ({ message }) => this.#ended(child, `it does not start: ${message}`));
    child.once('close', (code, signal) =>
      this.#ended(child, `it ended (${signal === null ? `exit code ${code}` : signal})`),
    );
    return child;
  }

  #read(piece: string): void {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== '') this.#answer(line);
    if (this.#rest.length > MAX_LINE)
      this.#break(new NnMeterError('E_EVALUATOR', `${this.#name} prints a line without end`));
  }

  #answer(line: string): void {
    if (this.#broken !== undefined) return;
    try {
      const { id, evaluation } = readAnswer(line, this.#name);
      if (id !== this.#asked) {
        throw new NnMeterError(
          'E_EVALUATOR',
          this.#answered.has(id)
            ? `${this.#name} answered candidate ${id} twice`
            : `${this.#name} answered candidate ${id}, which it was not asked for`,
        );
      }
      this.#answered.add(id);
      this.#asked = undefined;
      this.#onEvent?.(evaluation);
    } catch (error) {
      this.#break(error as NnMeterError);
    }
  }

  #break(error: NnMeterError): void {
    this.#broken = error;
    this.#kill();
    this.#onEvent?.(error);
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#kill();
    const said = this.#tail.text();
    this.#onEvent?.({ failed: said === '' ? how : `${how}: ${said.slice(-300)}` });
  }

  #kill(): void {
    if (this.#child !== undefined) endProgram(this.#child);
    this.#child = undefined;
  }
}
