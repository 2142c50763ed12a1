import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFileToGraph } from '@nnmeter/predictor';
import { FLOAT_DATA, RAW_DATA, writeGraphDef, writeOnnx, writeSavedModel } from './large-models.ts';
import { writePt2 } from './large-pt2.ts';
import { writeTfLite } from './large-tflite.ts';

// Makes a large file of each format that keeps weights, and prints the time and memory that reading it takes in a process
// of its own:
//     node bench/dist/large-files.js [MEGABYTES...]
// ONNX stores weights as raw_data or as packed float_data. nn-Meter IR and NNI's files hold no weights.

interface Format {
  readonly name: string;
  readonly type: string;
  /** A small file of the format, read before. */
  readonly fixture: string;
  write(path: string, bytes: number): number;
}

const FORMATS: readonly Format[] = [
  {
    name: 'ONNX, raw_data',
    type: 'onnx',
    fixture: 'onnx/branches.onnx',
    write: (...to) => writeOnnx(...to, RAW_DATA),
  },
  {
    name: 'ONNX, float_data',
    type: 'onnx',
    fixture: 'onnx/branches.onnx',
    write: (...to) => writeOnnx(...to, FLOAT_DATA),
  },
  { name: 'GraphDef', type: 'pb', fixture: 'tf/channels_first.pb', write: writeGraphDef },
  { name: 'SavedModel', type: 'pb', fixture: 'tf/channels_first.pb', write: writeSavedModel },
  { name: 'TFLite', type: 'tflite', fixture: 'tflite/activations.tflite', write: writeTfLite },
  { name: 'torch.export', type: 'pt2', fixture: 'pt2/net-2.15.pt2', write: writePt2 },
];

interface Figures {
  readonly nodes: number;
  readonly milliseconds: number;
  /** Peak memory, MB. */
  readonly rss: number;
}

/** Reads in this process and prints what it took, once the frontend is loaded. */
async function measure(path: string, { type, fixture }: Format): Promise<void> {
  await modelFileToGraph(
    fileURLToPath(new URL(`../../fixtures/${fixture}`, import.meta.url)),
    type,
  );
  const start = performance.now();
  const graph = await modelFileToGraph(path, type);
  const milliseconds = performance.now() - start;
  const rss = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ nodes: graph.nodes.length, milliseconds, rss } satisfies Figures));
}

function run(...args: string[]): Figures {
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function main(sizes: readonly number[]): void {
  const script = fileURLToPath(import.meta.url);
  const print = 'console.log(JSON.stringify({ rss: process.resourceUsage().maxRSS / 1024 }))';
  const bare = run('--input-type=module', '--eval', print).rss;
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-bench-'));
  const rows: Record<string, Record<string, string | number>> = {};
  try {
    for (const megabytes of sizes) {
      for (const [index, { name, write }] of FORMATS.entries()) {
        const path = join(folder, 'model');
        const layers = write(path, megabytes * 1e6);
        const runs = Array.from({ length: 5 }, () => run(script, '--read', path, String(index)));
        const [{ nodes }] = runs as [Figures];
        if (nodes < layers) throw new Error(`${name}: ${nodes} nodes of ${layers}`);
        const best = Math.min(...runs.map(({ milliseconds }) => milliseconds));
        const most = Math.max(...runs.map(({ rss }) => rss));
        rows[`${megabytes} MB, ${name}`] = {
          nodes,
          'ms, best of 5': Number(best.toFixed(1)),
          'peak memory, MB': Math.round(most),
          'of it over bare node': Math.round(most - bare),
        };
        rmSync(path, { recursive: true });
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.table(rows);
}

const [, , ...words] = process.argv;
if (words[0] === '--read') await measure(String(words[1]), FORMATS[Number(words[2])]!);
else main(words.length > 0 ? words.map(Number) : [350, 500, 2000]);
