import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFileToGraph } from '@nnmeter/predictor';
import { FLOAT_DATA, RAW_DATA, writeGraphDef, writeOnnx } from './large-models.ts';

// Time and memory of reading large ONNX and TensorFlow files, each in a process of its own:
//     node bench/dist/large-files.js
// ONNX stores weights as raw_data or as packed float_data.

/** Reads in this process and prints what it took, once the frontend is loaded. */
async function measure(path: string, type: string): Promise<void> {
  const small = type === 'pb' ? 'tf/channels_first.pb' : 'onnx/branches.onnx';
  await modelFileToGraph(fileURLToPath(new URL(`../../fixtures/${small}`, import.meta.url)), type);
  const start = performance.now();
  const graph = await modelFileToGraph(path, type);
  const milliseconds = performance.now() - start;
  const rss = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ nodes: graph.nodes.length, milliseconds, rss }));
}

function run(...args: string[]): { nodes: number; milliseconds: number; rss: number } {
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

interface Format {
  readonly name: string;
  readonly type: string;
  write(path: string, bytes: number): number;
}

const FORMATS: readonly Format[] = [
  { name: 'ONNX, raw_data', type: 'onnx', write: (...to) => writeOnnx(...to, RAW_DATA) },
  { name: 'ONNX, float_data', type: 'onnx', write: (...to) => writeOnnx(...to, FLOAT_DATA) },
  { name: 'TensorFlow GraphDef', type: 'pb', write: writeGraphDef },
];

function main(): void {
  const script = fileURLToPath(import.meta.url);
  const print = 'console.log(JSON.stringify({ rss: process.resourceUsage().maxRSS / 1024 }))';
  const bare = run('--input-type=module', '--eval', print).rss;
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-bench-'));
  const rows: Record<string, Record<string, string | number>> = {};
  try {
    for (const megabytes of [16, 500, 2200, 5000]) {
      for (const { name, type, write } of FORMATS) {
        const path = join(folder, 'model');
        write(path, megabytes * 1e6);
        const runs = Array.from({ length: 5 }, () => run(script, path, type));
        const best = Math.min(...runs.map(({ milliseconds }) => milliseconds));
        const most = Math.max(...runs.map(({ rss }) => rss));
        rows[`${megabytes} MB, ${name}`] = {
          nodes: runs[0]!.nodes,
          'ms, best of 5': Number(best.toFixed(1)),
          'peak RSS over bare node, MB': Math.round(most - bare),
        };
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.table(rows);
}

const [, , path, type] = process.argv;
if (path === undefined) main();
else await measure(path, String(type));
