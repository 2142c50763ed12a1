import { once } from 'node:events';
import { type FailureJson, printable, type TextStyle } from '@nnmeter/report';
import picocolors from 'picocolors';

/** The standard streams as the commands see them. */
export interface Terminal extends TextStyle {
  /** Writes to stdout, waiting while its reader is slow. */
  print(content: string | Uint8Array): Promise<void>;
  /** Writes a line to stderr. */
  note(text: string): void;
  /** Writes what failed to stderr, in one line; its stack trace too with --verbose. */
  error(failure: FailureJson, stack?: string): void;
  /** Whether stderr is a terminal, where progress can be shown. */
  readonly showsProgress: boolean;
}

/** Opens the process's streams. A reader that goes away (`nn-meter ... | head -1`) ends the process quietly. */
export function openTerminal(verbose: boolean): Terminal {
  const { stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      if (stream === stdout) stderr.write(`nn-meter: error: cannot write: ${error.message}\n`);
      process.exit(1);
    });
  }
  const colored = env.NO_COLOR ? false : Boolean(env.FORCE_COLOR) || stdout.isTTY === true;
  return {
    async print(content) {
      if (!stdout.write(content)) await once(stdout, 'drain');
    },
    note(text) {
      stderr.write(`${text}\n`);
    },
    error(failure, stack) {
      this.note(`nn-meter: error: ${printable(failure.message)} (${failure.code})`);
      if (verbose && stack !== undefined) this.note(stack);
    },
    colors: picocolors.createColors(colored),
    showsProgress: stderr.isTTY === true,
    width: Math.max(40, Math.min(100, stdout.columns || Number(env.COLUMNS) || 100)),
  };
}
