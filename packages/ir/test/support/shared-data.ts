import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gunzipSync } from 'node:zlib';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** The folder with the measurements; absent in a plain checkout. */
export const sharedFolder = process.env.NNMETER_SHARED ?? join(repository, '../shared');
export const hasSharedData = existsSync(join(sharedFolder, 'bench'));
if (!hasSharedData) console.log('skipped: ../shared absent');

export const benchFamilies = [
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

export interface BenchLine {
  readonly id: string;
  readonly graph: Record<
    string,
    {
      inbounds: string[];
      outbounds: string[];
      attr: {
        type: string;
        input_shape: number[][];
        output_shape: number[][];
        attr: Record<string, unknown>;
      };
    }
  >;
}

/** The first lines of a family of the benchmark; only the head of the file is decompressed. */
export function readBench(family: string, count: number): BenchLine[] {
  const file = join(sharedFolder, 'bench', `${family}s.jsonl.gz`);
  const head = readFileSync(file).subarray(0, count * 40_000);
  const lines = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).toString().split('\n');
  if (lines.length <= count) throw new Error(`the head of ${file} holds fewer than ${count} lines`);
  return lines.slice(0, count).map((line) => JSON.parse(line));
}

export function readFacts(name: string): Record<string, Record<string, unknown>> {
  return JSON.parse(readFileSync(join(sharedFolder, 'facts', name), 'utf8'));
}
