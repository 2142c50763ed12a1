import { rename, rm, writeFile } from 'node:fs/promises';
import { NnMeterError } from '@nnmeter/ir';
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
    const reason = FILE_ERRORS[code] ?? message;
    throw new NnMeterError('E_FILE', `cannot write "${target}": ${reason}`, { cause });
  }
}
