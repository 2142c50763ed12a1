import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { NnMeterError, quote } from '@nnmeter/ir';
import { readConfiguration } from './configuration.ts';

/** A measured model of the benchmark. */
export interface BenchmarkModel {
  readonly id: string;
  /** nn-Meter IR, as JSON; `readNnMeterIr(graph, { name: id })` of @nnmeter/ir makes a graph of it. */
  readonly graph: unknown;
  /** ms by predictor name; null where the model was not measured. */
  readonly measured: Readonly<Record<string, number | null>>;
}

/** The folder `nn-meter dataset pull` fills. */
export function datasetFolder(dataFolder: string): string {
  return join(dataFolder, 'dataset');
}

/**
 * The models of the nn-Meter benchmark, or of a dataset in its form, one at a time: all .jsonl and .jsonl.gz files of a
 * folder in the order of their names, or one file. Only what is asked for is read. Never downloads anything.
 * @param path default: where `nn-meter dataset pull` put the benchmark
 * @throws NnMeterError E_FILE if there is none, E_MEASUREMENTS naming file and line
 */
export async function* benchDataset(path?: string): AsyncGenerator<BenchmarkModel> {
  const folder = path ?? datasetFolder((await readConfiguration()).dataFolder);
  const files = await listFiles(folder).catch((cause: unknown) => {
    const hint = path === undefined ? '; run: nn-meter dataset pull' : '';
    throw new NnMeterError('E_FILE', `there is no dataset at ${quote(folder)}${hint}`, { cause });
  });
  for (const file of files) yield* readModels(file);
}

async function listFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.jsonl(\.gz)?$/i.test(name)).sort();
  if (names.length === 0) throw new Error('no .jsonl or .jsonl.gz file');
  return names.map((name) => join(path, name));
}

async function* readModels(file: string): AsyncGenerator<BenchmarkModel> {
  let number = 0;
  for await (const line of readLines(file)) {
    number++;
    if (line.trim() !== '') yield parseModel(line, `${file}, line ${number}`);
  }
}

/** The largest graphs take 0.2 million characters; a line far beyond that would fill the memory. */
const LINE_LIMIT = 32 << 20;

async function* readLines(file: string): AsyncGenerator<string> {
  const source = createReadStream(file);
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
    if (cause instanceof NnMeterError) throw cause;
    const { message } = cause as Error;
    throw new NnMeterError('E_MEASUREMENTS', `${file} cannot be read: ${message}`, { cause });
  }
  yield rest;
}

function parseModel(line: string, where: string): BenchmarkModel {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch (cause) {
    throw new NnMeterError('E_MEASUREMENTS', `${where} is not JSON`, { cause });
  }
  const { id, graph, ...measured } = (entry ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || typeof graph !== 'object' || graph === null) {
    throw new NnMeterError('E_MEASUREMENTS', `${where} is no object with an "id" and a "graph"`);
  }
  for (const [device, ms] of Object.entries(measured)) {
    if (ms === null || (typeof ms === 'number' && ms > 0 && Number.isFinite(ms))) continue;
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `${where}: ${device} of ${id} is ${JSON.stringify(ms)}; it must be ms above 0, or null`,
    );
  }
  return { id, graph, measured: measured as Record<string, number | null> };
}
