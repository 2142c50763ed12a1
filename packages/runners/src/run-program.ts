import type { ChildProcess } from 'node:child_process';
import { NnMeterError, quote } from '@nnmeter/ir';
import { endProgram, startProgram } from './program-process.ts';
import { printable, Tail } from './tail.ts';

export interface ProgramLimits {
  /** A moment of `performance.now()`. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramOutput {
  /** What it printed to stdout, then what it printed to stderr. */
  readonly text: string;
  /** From its start to its end. */
  readonly wallMs: number;
}

/** More than any benchmark prints. */
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;
/** How long what a program printed is waited for when it has ended. */
const SERVER_MS = 1000;
/** What error messages quote of the output. */
const QUOTED = 500;

/**
 * Runs a program, without a shell, in a folder. It and what it started are killed if it takes too long, prints too
 * much, or the signal aborts.
 * @throws NnMeterError E_RUNNER if it does not start, ends with another exit code than 0, or is killed; the signal's reason
 */
export async function runProgram(
  argv: readonly string[],
  folder: string,
  { deadline, signal }: ProgramLimits,
  install?: string,
): Promise<ProgramOutput> {
  signal?.throwIfAborted();
  const [file = '', ...parameters] = argv;
  const start = performance.now();
  const child = startProgram(file, parameters, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = new Output();
  const limitMs = Math.max(0, deadline - start);
  const done = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (problem: string, hint?: string) =>
        reject(failure(argv, `${problem}${output.quoted()}`, hint));
      child.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ENOENT'
          ? fail('is not there', install ?? 'install it, and put it on the PATH')
          : fail(`does not start: ${error.message}`),
      );
      const end = () => {
        const { exitCode, signalCode } = child;
        if (exitCode === 0) resolve();
        else
          fail(
            signalCode === null ? `failed (exit code ${exitCode})` : `was ended by ${signalCode}`,
          );
      };
      child.once('close', end);
      // A server that it started may keep its output open.
      child.once('exit', () => setTimeout(end, SERVER_MS).unref());
      output.read(child, () => fail(`printed more than ${MAX_OUTPUT_BYTES >> 20} MiB`));
      const timer = setTimeout(
        () =>
          fail(
            `took more than ${Math.round(limitMs) / 1000} s`,
            'allow it more time, or leave this model out',
          ),
        limitMs,
      );
      done.signal.addEventListener('abort', () => clearTimeout(timer));
      signal?.addEventListener('abort', () => reject(signal.reason), { signal: done.signal });
    });
    return { text: output.text(), wallMs: performance.now() - start };
  } finally {
    done.abort();
    endProgram(child);
  }
}

function failure(argv: readonly string[], problem: string, hint?: string): NnMeterError {
  return new NnMeterError('E_RUNNER', `${quote(argv[0]!)} ${problem}`, hint ? { hint } : {});
}

/** What a program prints, up to a limit. */
class Output {
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  readonly #tail = new Tail(QUOTED);
  #length = 0;

  read(child: ChildProcess, tooMuch: () => void): void {
    const keep = (pieces: Buffer[]) => (piece: Buffer) => {
      this.#length += piece.length;
      this.#tail.add(piece);
      if (this.#length > MAX_OUTPUT_BYTES) tooMuch();
      else pieces.push(piece);
    };
    child.stdout!.on('data', keep(this.#stdout));
    child.stderr!.on('data', keep(this.#stderr));
  }

  text(): string {
    const [stdout, stderr] = [this.#stdout, this.#stderr].map((pieces) =>
      Buffer.concat(pieces).toString('utf8'),
    );
    return `${stdout}\n${stderr}`;
  }

  quoted(): string {
    const text = this.#tail.text();
    return text === '' ? '' : `: ${text}`;
  }
}

/** The end of an output, for messages. */
export function quoteEnd(text: string): string {
  const shown = printable(text.slice(-QUOTED)).trim();
  return shown === '' ? 'it printed nothing' : `it printed: ${shown}`;
}
