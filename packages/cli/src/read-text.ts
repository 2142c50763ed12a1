import { readFile } from 'node:fs/promises';
import { NnMeterError } from '@nnmeter/ir';
import { FILE_ERRORS } from './failure.ts';

/** The text of a file, without a byte order mark. @throws NnMeterError E_FILE that names it */
export async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    const reason = FILE_ERRORS[code] ?? message;
    throw new NnMeterError('E_FILE', `cannot open "${path}": ${reason}`, { cause });
  }
}
