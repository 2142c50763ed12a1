import { NnMeterError, quote } from '@nnmeter/ir';

/** What the codes of the operating system mean, and what to do. */
const REASONS: Readonly<Record<string, string>> = {
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

/** The reason of an error of the file system in words; undefined if it is another error. */
export function describeFileError(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
}

/** An error of the file system as an E_FILE that names the file; other NnMeterErrors as they are. */
export function fileError(what: 'open' | 'write', path: string, cause: unknown): NnMeterError {
  if (cause instanceof NnMeterError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const isDenied = what === 'write' && (code === 'EACCES' || code === 'EPERM');
  const reason = isDenied
    ? 'permission denied; check the owner and mode of the file and its folder'
    : (describeFileError(cause) ?? message);
  return new NnMeterError('E_FILE', `cannot ${what} ${quote(path)}: ${reason}`, { cause });
}
