import { NnMeterError, quote } from '@nnmeter/ir';

/** What a code of the operating system means, and what to do about it. */
interface Reason {
  readonly what: string;
  readonly hint?: string;
}

const DENIED: Reason = { what: 'permission denied', hint: 'check its owner and mode' };

const REASONS: Readonly<Record<string, Reason>> = {
  ENOENT: { what: 'there is no such file or folder', hint: 'check the path' },
  EACCES: DENIED,
  EPERM: DENIED,
  EISDIR: { what: 'it is a folder, a file is needed' },
  ENOTDIR: { what: 'a part of the path is not a folder' },
  EMFILE: { what: 'too many open files', hint: 'allow this process more of them (ulimit -n)' },
  ENFILE: { what: 'the system has too many open files' },
  EFBIG: { what: 'it would be larger than this process may write' },
  ENOSPC: { what: 'the disk is full' },
  EIO: { what: 'the disk or network failed' },
  EROFS: { what: 'the file system is read-only' },
  ELOOP: { what: 'its symbolic links go in a circle' },
  ENAMETOOLONG: { what: 'the path is too long' },
  ERR_INVALID_ARG_VALUE: { what: 'it is no path' },
};

/** Node puts this character where a name is not UTF-8; no file has the name that results. */
const NOT_UTF_8: Reason = { what: 'its name is not UTF-8', hint: 'rename it' };

function reasonOf(error: unknown, path = ''): Reason | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path.includes('\uFFFD')) return NOT_UTF_8;
  return code !== undefined && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
}

/** The reason of an error of the file system in words; undefined if it is another error. */
export function describeFileError(error: unknown): string | undefined {
  const { what, hint } = reasonOf(error) ?? {};
  return hint === undefined ? what : `${what}; ${hint}`;
}

/** Whether an error of the file system, or one made of it, says that there is no such file. */
export function isMissing(error: unknown): boolean {
  const { cause = error } = error as Error;
  const { code = '' } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** An error of the file system as an E_FILE that names the file; other NnMeterErrors as they are. */
export function fileError(what: 'open' | 'write', path: string, cause: unknown): NnMeterError {
  if (cause instanceof NnMeterError) return cause;
  const reason = reasonOf(cause, path);
  const hint =
    what === 'write' && reason === DENIED
      ? 'check the owner and mode of the file and its folder'
      : reason?.hint;
  return new NnMeterError(
    'E_FILE',
    `cannot ${what} ${quote(path)}: ${reason?.what ?? (cause as Error).message}`,
    { where: { file: path }, ...(hint !== undefined && { hint }), cause },
  );
}
