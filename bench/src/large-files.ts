import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFileToGraph } from '@nnmeter/predictor';

// Time and memory of reading large ONNX and TensorFlow files, each in a process of its own:
//     node bench/dist/large-files.js
// A file is a chain of MatMul nodes with 16 MiB weights, which ONNX stores as raw_data or as packed float_data.

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

function writeOnnx(path: string, bytes: number, payloadField: number): void {
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

/** An entry of a node's attributes. */
function attribute(key: string, value: readonly number[], extra = 0): number[] {
  return field(5, [...text(1, key), ...field(2, value, extra)], extra);
}

function writeGraphDef(path: string, bytes: number): void {
  const layers = Math.ceil(bytes / WEIGHT_BYTES);
  const file = openSync(path, 'w');
  const write = (part: readonly number[]): unknown => writeSync(file, Uint8Array.from(part));
  const shape = (...extents: readonly number[]): number[] =>
    extents.flatMap((extent) => field(2, [0x08, ...varint(extent)]));
  const float = attribute('dtype', [0x30, 1]);
  const placeholder = [...text(1, 'x'), ...text(2, 'Placeholder'), ...float];
  write(field(1, [...placeholder, ...attribute('shape', field(7, shape(1, WIDTH)))]));
  const payload = new Uint8Array(WEIGHT_BYTES).fill(0x3f);
  for (let layer = 0; layer < layers; layer++) {
    const tensor = [0x08, 1, ...field(2, shape(WIDTH, WIDTH))];
    const head = [...tensor, ...varint(4 * 8 + 2), ...varint(WEIGHT_BYTES)];
    const value = attribute('value', field(8, head, WEIGHT_BYTES), WEIGHT_BYTES);
    const constant = [...text(1, `w${layer}`), ...text(2, 'Const'), ...float];
    write(field(1, [...constant, ...value], WEIGHT_BYTES));
    writeSync(file, payload);
    const reads = [...text(3, layer === 0 ? 'x' : `t${layer - 1}`), ...text(3, `w${layer}`)];
    write(field(1, [...text(1, `t${layer}`), ...text(2, 'MatMul'), ...reads]));
  }
  closeSync(file);
}

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
  write(path: string, bytes: number): void;
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
