import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { testIf } from './test-if.ts';

const folder = process.env.NNMETER_SHARED ?? join(import.meta.dirname, '../../../shared');

/** Whether the measurements and models are there, beside the checkout or where NNMETER_SHARED says. */
export const hasShared = existsSync(join(folder, 'bench'));

export const sharedPath = (path: string): string => join(folder, path);

/** A test that needs them. */
export const sharedTest = testIf(hasShared, '../shared absent');

/** Files of the benchmark: `bench/<family>s.jsonl.gz`. */
export const datasetFiles = [
  'alexnet',
  'densenet',
  'googlenet',
  'mnasnet',
  'mobilenetv1',
  'mobilenetv2',
  'mobilenetv3',
  'proxylessnas',
  'resnet',
  'shufflenetv2',
  'squeezenet',
  'vgg',
] as const;

/** The graph of a network in nn-Meter IR, with all that the benchmark states of each node. */
export type DatasetGraph = Readonly<Record<string, DatasetNode>>;

interface DatasetNode {
  readonly inbounds: string[];
  readonly outbounds: string[];
  readonly attr: {
    readonly type: string;
    readonly input_shape: number[][];
    readonly output_shape: number[][];
    readonly attr: Record<string, unknown>;
  };
}

/** A measured network. */
export interface DatasetLine {
  readonly id: string;
  readonly graph: DatasetGraph;
}

/** The first `count` networks of a file whose id is `wanted`; no more of it is read than that takes. */
export async function readDataset(
  file: string,
  count: number,
  wanted: (id: string) => boolean = () => true,
): Promise<DatasetLine[]> {
  const found: DatasetLine[] = [];
  for await (const line of linesOf(sharedPath(`bench/${file}s.jsonl.gz`))) {
    const [, id] = /^\{"id":\s*"([^"]+)"/.exec(line) ?? [];
    if (id === undefined) throw new Error(`${file}s.jsonl.gz has a line without an id`);
    if (wanted(id)) found.push(JSON.parse(line));
    if (found.length === count) return found;
  }
  throw new Error(`${file}s.jsonl.gz has ${found.length} such networks, not ${count}`);
}

async function* linesOf(path: string): AsyncGenerator<string> {
  // The callback is where errors would be told a second time: the stream throws them as well.
  const text = pipeline(createReadStream(path), createGunzip(), () => {}).setEncoding('utf8');
  let rest = '';
  for await (const chunk of text) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}
