import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOnnxFile } from '@nnmeter/frontend-onnx';

// Time and memory of reading large ONNX files, each in a process of its own:
//     node bench/dist/large-onnx.js
// A file is a chain of MatMul nodes with 16 MiB weights, stored as raw_data or as packed float_data.

const WIDTH = 2048;
const WEIGHT_BYTES = WIDTH * WIDTH * 4;
const RAW_DATA = 9;
const FLOAT_DATA = 4;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** A length-delimited protobuf field. */
function field(number: number, content: readonly number[], extra = 0): number[] {
  return [...varint(number * 8 + 2), ...varint(content.length + extra), ...content];
}

function text(number: number, value: string): number[] {
  return field(number, [...Buffer.from(value)]);
}

/** A float tensor type of shape [1, WIDTH] for a graph's input or output. */
function valueInfo(name: string): number[] {
  const dims = [1, WIDTH].flatMap((extent) => field(1, [0x08, ...varint(extent)]));
  return [...text(1, name), ...field(2, field(1, [0x08, 1, ...field(2, dims)]))];
}

function writeModel(path: string, bytes: number, payloadField: number): void {
  const layers = Math.ceil(bytes / WEIGHT_BYTES);
  const nodes: number[] = [];
  const weights: number[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    const [input, output] = [layer === 0 ? 'x' : `t${layer}`, `t${layer + 1}`];
    nodes.push(
      ...field(1, [
        ...text(1, input),
        ...text(1, `w${layer}`),
        ...text(2, output),
        ...text(4, 'MatMul'),
      ]),
    );
    const tensor = [
      0x08,
      ...varint(WIDTH),
      0x08,
      ...varint(WIDTH),
      0x10,
      1,
      ...text(8, `w${layer}`),
    ];
    const head = [...tensor, ...varint(payloadField * 8 + 2), ...varint(WEIGHT_BYTES)];
    weights.push([...field(5, head, WEIGHT_BYTES)]);
  }
  const ends = [...field(11, valueInfo('x')), ...field(12, valueInfo(`t${layers}`))];
  const graphBytes =
    nodes.length + ends.length + weights.reduce((sum, head) => sum + head.length + WEIGHT_BYTES, 0);
  const file = openSync(path, 'w');
  const write = (part: readonly number[]): unknown => writeSync(file, Uint8Array.from(part));
  write([0x08, 8, ...field(8, [0x10, 17]), ...varint(7 * 8 + 2), ...varint(graphBytes)]);
  write(nodes);
  const payload = new Uint8Array(WEIGHT_BYTES).fill(0x3f);
  for (const head of weights) {
    write(head);
    writeSync(file, payload);
  }
  write(ends);
  closeSync(file);
}

/** Reads in this process and prints what it took. */
async function measure(path: string): Promise<void> {
  const start = performance.now();
  const graph = await readOnnxFile(path);
  const milliseconds = performance.now() - start;
  const rss = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ nodes: graph.nodes.length, milliseconds, rss }));
}

function run(...args: string[]): { nodes: number; milliseconds: number; rss: number } {
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function main(): void {
  const script = fileURLToPath(import.meta.url);
  const print = 'console.log(JSON.stringify({ rss: process.resourceUsage().maxRSS / 1024 }))';
  const bare = run('--input-type=module', '--eval', print).rss;
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-bench-'));
  const rows: Record<string, Record<string, string | number>> = {};
  try {
    for (const megabytes of [16, 500, 2200, 5000]) {
      for (const [name, payloadField] of [
        ['raw_data', RAW_DATA] as const,
        ['float_data', FLOAT_DATA] as const,
      ]) {
        const path = join(folder, 'model.onnx');
        writeModel(path, megabytes * 1e6, payloadField);
        const runs = Array.from({ length: 5 }, () => run(script, path));
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

const [, , path] = process.argv;
if (path === undefined) main();
else await measure(path);
