import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { fileError } from '@nnmeter/files';
import { locateErrors, NnMeterError, quote } from '@nnmeter/ir';
import type { Sample } from './choices.ts';
import type { Evaluator } from './evaluator.ts';
import { NASBENCH201_EDGES, nasbench201 } from './spaces/nasbench201.ts';

/** Columns of numbers by name, for each architecture string of NAS-Bench-201. */
export interface NasBench201Table {
  readonly columns: readonly string[];
  /** Architecture string -> a number for each column. */
  readonly rows: ReadonlyMap<string, readonly number[]>;
}

/** Of NAS-Bench-201's operations, NNI drops the prefix of convolutions. */
const NORMAL = /^nor_/;

/**
 * Reads a table of NAS-Bench-201: CSV, perhaps gzipped, with a column `arch` of its architecture strings
 * (`|nor_conv_3x3~0|+|...`) and columns of numbers: accuracies, latencies.
 * @throws NnMeterError E_FILE, E_INVALID_INPUT naming the line that is none, or has the cell of another
 */
export async function readNasBench201(path: string): Promise<NasBench201Table> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fileError('open', path, cause);
  });
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = isGzip ? await unzip(bytes, path) : bytes.toString('utf8');
  const [head = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const names = head.split(',');
  const arch = names.indexOf('arch');
  if (arch < 0) throw invalid(`${quote(path)} has no column "arch"`);
  const places = names.flatMap((name, at) => (at === arch || name === 'index' ? [] : [at]));
  const rows = new Map<string, readonly number[]>();
  for (const [index, line] of lines.entries()) {
    locateErrors(
      () => ({ list: path, line: index + 2 }),
      () => {
        const cells = line.split(',');
        const cell = cells[arch] ?? '';
        nasbench201.choices.encode(nasBench201Sample(cell));
        if (rows.has(cell)) throw invalid(`the cell ${quote(cell)} was there before`);
        const numbers = places.map((at) => Number(cells[at] || Number.NaN));
        const lacking = numbers.findIndex((number) => !Number.isFinite(number));
        if (lacking >= 0) throw invalid(`it lacks the number ${quote(names[places[lacking]!]!)}`);
        rows.set(cell, numbers);
      },
    );
  }
  return { columns: places.map((at) => names[at]!), rows };
}

async function unzip(bytes: Uint8Array, path: string): Promise<string> {
  try {
    return (await promisify(gunzip)(bytes)).toString('utf8');
  } catch (cause) {
    const { message } = cause as Error;
    throw new NnMeterError('E_INVALID_INPUT', `${quote(path)} cannot be unzipped: ${message}`, {
      where: { file: path },
      cause,
    });
  }
}

function invalid(problem: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', problem);
}

/** The architecture string of a sample of the space nasbench201. */
export function nasBench201String(sample: Sample): string {
  const nodes = [1, 2, 3].map((to) => {
    const edges = NASBENCH201_EDGES.filter((edge) => edge[1] === to).map(([from]) => {
      const operation = String(sample[`cell/${from}_${to}`]);
      return `${operation.startsWith('conv') ? `nor_${operation}` : operation}~${from}`;
    });
    return `|${edges.join('|')}|`;
  });
  return nodes.join('+');
}

/** The sample of an architecture string. @throws NnMeterError E_INVALID_INPUT if it is none */
export function nasBench201Sample(text: string): Sample {
  const entries = text.split('+').flatMap((node, at) =>
    node
      .split('|')
      .filter((edge) => edge !== '')
      .map((edge) => {
        const [operation = '', from = ''] = edge.split('~');
        return [`cell/${from}_${at + 1}`, operation.replace(NORMAL, '')] as const;
      }),
  );
  if (entries.length === NASBENCH201_EDGES.length) return Object.fromEntries(entries);
  throw invalid(`${quote(text)} is no cell of NAS-Bench-201`);
}

/** Looks up what was measured of every cell. */
export function nasBench201Evaluator(table: NasBench201Table): Evaluator {
  return {
    name: 'the table of NAS-Bench-201',
    parallel: 1,
    async evaluate({ sample }) {
      const row = table.rows.get(nasBench201String(sample));
      if (row === undefined) return { failed: 'the table of NAS-Bench-201 has no such cell' };
      return { values: Object.fromEntries(table.columns.map((column, at) => [column, row[at]!])) };
    },
    async close() {},
  };
}
