import { describeFileError } from '@nnmeter/files';
import { NnMeterError } from '@nnmeter/ir';
import { shortenMiddle } from '@nnmeter/report';

/** What the JSON output says about something that failed. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Longest error message shown; longer ones quote a huge name out of a file. */
const MESSAGE_LIMIT = 1000;

/** The stack trace of what was thrown, if it has one. */
export function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

/** Says what went wrong in one line, whatever was thrown. */
export function describeFailure(error: unknown): Failure {
  const { code, message } = classify(error);
  return { code, message: shortenMiddle(message.replace(/\s+/g, ' ').trim(), MESSAGE_LIMIT) };
}

function classify(error: unknown): Failure {
  if (error instanceof NnMeterError) return error;
  if (error instanceof Error) {
    const { path } = error as NodeJS.ErrnoException;
    const reason = describeFileError(error);
    if (reason !== undefined) {
      return { code: 'E_FILE', message: `cannot open "${path ?? 'the file'}": ${reason}` };
    }
  }
  return {
    code: 'E_INTERNAL',
    message: `internal error: ${error instanceof Error ? error.message : String(error)}; please report it with the output of --verbose`,
  };
}
