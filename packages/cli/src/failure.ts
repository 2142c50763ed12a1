import { NnMeterError } from '@nnmeter/ir';
import { shortenMiddle } from '@nnmeter/report';

/** What the JSON output says about something that failed. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Reasons by the codes of the operating system. */
export const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EACCES: 'permission denied; check its owner and mode',
  EPERM: 'permission denied; check its owner and mode',
  EISDIR: 'it is a folder, a file is needed',
  ENOTDIR: 'a part of the path is not a folder',
  EMFILE: 'too many open files',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  ELOOP: 'its symbolic links go in a circle',
  ENAMETOOLONG: 'the path is too long',
};

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
    const { code, path } = error as NodeJS.ErrnoException;
    const reason = code === undefined ? undefined : FILE_ERRORS[code];
    if (reason !== undefined) {
      return { code: 'E_FILE', message: `cannot open "${path ?? 'the file'}": ${reason}` };
    }
  }
  return {
    code: 'E_INTERNAL',
    message: `internal error: ${error instanceof Error ? error.message : String(error)}; please report it with the output of --verbose`,
  };
}
