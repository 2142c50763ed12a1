import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { fileError, requireFile } from '@nnmeter/files';
import { NnMeterError } from '@nnmeter/ir';

/** The largest graphs take 0.2 million characters; a line far beyond that would fill the memory. */
const MAX_LINE_LENGTH = 32 << 20;

const DATASET_FILE = /\.jsonl(\.gz)?$/i;

/**
 * The files of a dataset: the file itself, or every .jsonl and .jsonl.gz of a folder, sorted; with the sum of their
 * sizes in bytes.
 * @throws NnMeterError E_FILE if it cannot be read, is a device or a pipe that no shell hands over, or is a folder that holds none
 */
export async function listDatasetFiles(
  path: string,
): Promise<{ readonly files: readonly string[]; readonly bytes: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw fileError('open', path, cause);
  });
  if (!found.isDirectory()) {
    await requireFile(path, { orPipe: true });
    return { files: [path], bytes: found.size };
  }
  const files: string[] = [];
  let bytes = 0;
  for (const name of (await readdir(path)).filter((name) => DATASET_FILE.test(name)).sort()) {
    const file = `${path.replace(/[/\\]+$/, '')}/${name}`;
    const each = await stat(file);
    if (!each.isFile()) continue;
    files.push(file);
    bytes += each.size;
  }
  if (files.length === 0) {
    throw new NnMeterError('E_FILE', `the folder "${path}" holds no .jsonl or .jsonl.gz file`);
  }
  return { files, bytes };
}

export interface ReadingOptions {
  /** Told about every piece of the files as it is read, compressed or not: for progress, or a hash. */
  readonly onChunk?: (chunk: Uint8Array) => void;
}

/**
 * Streams the lines of a dataset file, compressed (.gz) or not.
 * @throws NnMeterError E_FILE if it is a device or cannot be read, E_MEASUREMENTS if a compressed file is
 * damaged, E_LIMIT for a line without end
 */
export async function* readDatasetLines(
  file: string,
  { onChunk }: ReadingOptions = {},
): AsyncGenerator<string> {
  await requireFile(file, { orPipe: true });
  const source = createReadStream(file);
  if (onChunk !== undefined) source.on('data', (chunk) => onChunk(chunk as Buffer));
  const input = /\.gz$/i.test(file) ? pipeline(source, createGunzip(), () => {}) : source;
  const decoder = new StringDecoder('utf8');
  // The line that has begun, in pieces: a long one comes in hundreds of them.
  let pieces: string[] = [];
  let length = 0;
  let number = 1;
  try {
    for await (const bytes of input) {
      const chunk = decoder.write(bytes as Buffer);
      // Some editors start files with a byte order mark.
      const text = number === 1 && length === 0 ? chunk.replace(/^\uFEFF/, '') : chunk;
      const [piece, ...lines] = text.split('\n') as [string, ...string[]];
      pieces.push(piece);
      length += piece.length;
      if (length > MAX_LINE_LENGTH) {
        throw new NnMeterError(
          'E_LIMIT',
          `${file}, line ${number} has over ${MAX_LINE_LENGTH} characters; a dataset has one model per line`,
        );
      }
      const rest = lines.pop();
      if (rest === undefined) continue;
      yield pieces.join('');
      yield* lines;
      number += 1 + lines.length;
      pieces = [rest];
      length = rest.length;
    }
  } catch (cause) {
    if (!(cause as NodeJS.ErrnoException).code?.startsWith('Z_'))
      throw fileError('open', file, cause);
    const { message } = cause as Error;
    throw new NnMeterError('E_MEASUREMENTS', `${file} is damaged: ${message}`, { cause });
  }
  if (length > 0) yield pieces.join('');
}
