import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { NnMeterError, quote } from '@nnmeter/ir';
import { fileError } from './file-error.ts';

/**
 * The content of a regular file of at most `limit` bytes, or of a pipe that a shell hands over, as in `<(sort a.csv)`. Devices
 * and other pipes, which may never end, are not opened.
 * @throws NnMeterError E_FILE naming it, E_LIMIT if it is larger
 */
export async function readBounded(path: string, limit: number): Promise<Uint8Array> {
  await requireFile(path, { orPipe: true });
  try {
    // Not as many bytes as announced: it may be growing, or a file of /proc, which announces none.
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of createReadStream(path, { end: limit })) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
    }
    if (length <= limit) return Buffer.concat(pieces, length);
  } catch (cause) {
    throw fileError('open', path, cause);
  }
  throw new NnMeterError(
    'E_LIMIT',
    `${quote(path)} has over ${limit.toLocaleString('en')} bytes, more than any file of its kind; refused`,
    { where: { file: path } },
  );
}

/** The text of a file, without a byte order mark; see {@link readBounded}. */
export async function readBoundedText(path: string, limit: number): Promise<string> {
  return new TextDecoder().decode(await readBounded(path, limit));
}

/** Where pipes that this process was started with are: opening them does not wait for a writer. */
const INHERITED = /^\/dev\/stdin$|^\/(dev|proc\/self)\/fd\/\d+$/;

/**
 * @param orPipe whether a pipe that a shell hands over does as well: it is read once, from front to back
 * @throws NnMeterError E_FILE naming what is no regular file: a folder, or a device or pipe, which may never end
 */
export async function requireFile(path: string, { orPipe = false } = {}): Promise<Stats> {
  const status = await stat(path).catch((cause: unknown) => {
    throw fileError('open', path, cause);
  });
  if (orPipe && status.isFIFO() && INHERITED.test(path)) return status;
  requireFileStatus(path, status);
  return status;
}

/** @throws NnMeterError E_FILE naming the path unless its status is that of a regular file */
export function requireFileStatus(path: string, status: Stats): void {
  if (status.isFile()) return;
  const what = status.isDirectory() ? 'a folder' : 'a device, a pipe or a socket';
  throw new NnMeterError('E_FILE', `cannot open ${quote(path)}: it is ${what}, a file is needed`, {
    where: { file: path },
  });
}
