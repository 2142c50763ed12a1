import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { NnMeterError } from '@nnmeter/ir';
import { usageError } from './arguments.ts';
import { FILE_ERRORS } from './failure.ts';

/**
 * Writes a file beside its target and renames it, so that nobody ever sees half of it.
 * @throws NnMeterError E_FILE
 */
export async function writeWhole(target: string, content: string | Uint8Array): Promise<void> {
  const partial = `${target}.${process.pid}.partial`;
  try {
    await writeFile(partial, content);
    await rename(partial, target);
  } catch (cause) {
    await rm(partial, { force: true });
    const { code = '', message } = cause as NodeJS.ErrnoException;
    // Windows calls it a lack of permission if a folder is in the way.
    const isFolder = await stat(target)
      .then((found) => found.isDirectory())
      .catch(() => false);
    const reason = FILE_ERRORS[isFolder ? 'EISDIR' : code] ?? message;
    throw new NnMeterError('E_FILE', `cannot write "${target}": ${reason}`, { cause });
  }
}

/** @throws NnMeterError E_USAGE if a file to be written is one of those that are read, by whatever path */
export async function keepInputs(output: string, inputs: readonly string[]): Promise<void> {
  // On Windows the numbers of files are larger than a double is exact for.
  const found = (path: string) => stat(path, { bigint: true }).catch(() => undefined);
  const target = await found(output);
  if (target === undefined) return;
  for (const input of inputs) {
    const source = await found(input);
    if (source?.ino !== target.ino || source.dev !== target.dev) continue;
    throw usageError(`--output ${output} would overwrite ${input}, which is read; choose another`);
  }
}
