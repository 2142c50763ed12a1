import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { NnMeterError } from '@nnmeter/ir';

/** One line of the benchmark dataset. */
export interface BenchmarkModel {
  readonly id: string;
  /** nn-Meter IR, as JSON. */
  readonly graph: unknown;
  /** ms by predictor name; null where the model was not measured. */
  readonly measured: Readonly<Record<string, number | null>>;
}

export interface Dataset {
  /** SHA-256 of the file contents, in order of file name. Complete once the models were read to the end. */
  hash(): string;
  models(): AsyncGenerator<BenchmarkModel>;
}

/** Streams all `*.jsonl.gz` and `*.jsonl` of a folder, in order of file name, one model in memory at a time. */
export function openDataset(folder: string): Dataset {
  const hash = createHash('sha256');
  let digest = '';
  return {
    hash: () => {
      digest ||= hash.digest('hex');
      return digest;
    },
    async *models() {
      const names = (await readdir(folder)).filter((name) => /\.jsonl(\.gz)?$/.test(name)).sort();
      if (names.length === 0)
        throw new NnMeterError('E_FILE', `${folder} holds no .jsonl or .jsonl.gz file`);
      for (const name of names) yield* readFile(join(folder, name), hash);
    },
  };
}

async function* readFile(
  path: string,
  hash: { update(chunk: Buffer): void },
): AsyncGenerator<BenchmarkModel> {
  const file = createReadStream(path);
  file.on('data', (chunk) => hash.update(chunk as Buffer));
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() !== '') yield parseLine(text, `${path}, line ${line}`);
  }
}

function parseLine(text: string, where: string): BenchmarkModel {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch (cause) {
    throw new NnMeterError('E_MEASUREMENTS', `${where} is not JSON`, { cause });
  }
  const { id, graph, ...measured } = entry as { id?: unknown; graph?: unknown };
  if (typeof id !== 'string' || typeof graph !== 'object' || graph === null)
    throw new NnMeterError('E_MEASUREMENTS', `${where}: expected an object with "id" and "graph"`);
  for (const [device, value] of Object.entries(measured)) {
    if (value !== null && !(typeof value === 'number' && value > 0 && Number.isFinite(value)))
      throw new NnMeterError(
        'E_MEASUREMENTS',
        `${where}: ${device} of ${id} is ${JSON.stringify(value)}; expected ms above 0, or null`,
      );
  }
  return { id, graph, measured: measured as Record<string, number | null> };
}
