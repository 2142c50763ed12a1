import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { NnMeterError } from '@nnmeter/ir';

/** The largest graphs take 0.2 million characters; a line far beyond that would fill the memory. */
const LINE_LIMIT = 32 << 20;

const DATASET_FILE = /\.jsonl(\.gz)?$/i;

/**
 * The files of a dataset: the file itself, or every .jsonl and .jsonl.gz of a folder, sorted; with the sum of their
 * sizes in bytes.
 * @throws NnMeterError E_FILE if a folder holds none; errors of the file system as they come.
 */
export async function listDatasetFiles(
  path: string,
): Promise<{ readonly files: readonly string[]; readonly bytes: number }> {
  let files = [path];
  if ((await stat(path)).isDirectory()) {
    const names = (await readdir(path)).filter((name) => DATASET_FILE.test(name)).sort();
    files = names.map((name) => `${path.replace(/[/\\]+$/, '')}/${name}`);
    if (files.length === 0) {
      throw new NnMeterError('E_FILE', `the folder "${path}" holds no .jsonl or .jsonl.gz file`);
    }
  }
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return { files, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/**
 * Streams the lines of a dataset file, compressed (.gz) or not.
 * @param onBytes told about every piece read, for progress
 * @throws NnMeterError E_MEASUREMENTS if a compressed file is damaged, E_LIMIT for a line without end
 */
export async function* readDatasetLines(
  file: string,
  onBytes: (count: number) => void = () => {},
): AsyncGenerator<string> {
  const source = createReadStream(file);
  source.on('data', (chunk) => onBytes(chunk.length));
  const input = /\.gz$/i.test(file) ? pipeline(source, createGunzip(), () => {}) : source;
  input.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of input) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_LIMIT) {
        throw new NnMeterError('E_LIMIT', `${file} has a line of over ${LINE_LIMIT} characters`);
      }
      yield* lines;
    }
  } catch (cause) {
    if (!(cause as NodeJS.ErrnoException).code?.startsWith('Z_')) throw cause;
    const { message } = cause as Error;
    throw new NnMeterError('E_MEASUREMENTS', `${file} is damaged: ${message}`, { cause });
  }
  if (rest !== '') yield rest;
}
