import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { writeGraphDef, writeOnnx } from '../bench/src/large-models.ts';
import { writePt2 } from '../bench/src/large-pt2.ts';
import { writeTfLite } from '../bench/src/large-tflite.ts';
import { ROOT } from '../scripts/pack-packages.mjs';
import { PEAK_MEGABYTES } from './support/peak-memory.ts';
import { run } from './support/run.ts';

const BYTES = 2.2e9;
const MAX_MEGABYTES = 100;

const PROGRAM = `${PEAK_MEGABYTES}
import { openAsBlob } from 'node:fs';
import { loadLatencyPredictor, modelFileToGraph, modelToGraph } from '@nnmeter/predictor';

const [path, way] = process.argv.slice(1);
const graph = await (way === 'path' ? modelFileToGraph(path) : modelToGraph(await openAsBlob(path)));
const { format } = graph.metadata;
const ms = (await loadLatencyPredictor('cortexa76')).totalMs(graph);
console.log(JSON.stringify({ nodes: graph.nodes.length, format, ms, megabytes: peakMegabytes() }));
`;

const folder = mkdtempSync(join(tmpdir(), 'nnmeter-large-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(path: string, way: 'path' | 'blob') {
  const { status, stdout, stderr } = await run(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', PROGRAM, path, way],
    ROOT,
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as { nodes: number; format: string; ms: number; megabytes: number };
}

describe.each([
  ['onnx', writeOnnx],
  ['tensorflow-graphdef', writeGraphDef],
  ['tflite', writeTfLite],
  ['pt2', writePt2],
])('2.2 GB of %s', (format, write) => {
  test(`take under ${MAX_MEGABYTES} MB of memory, from a path and from a Blob alike`, async () => {
    const path = join(folder, format);
    const nodes = write(path, BYTES);
    const fromPath = await read(path, 'path');
    const fromBlob = await read(path, 'blob');
    expect(fromPath).toMatchObject({ nodes, format });
    expect(fromPath.ms).toBeGreaterThan(100);
    expect({ ...fromBlob, megabytes: 0 }).toEqual({ ...fromPath, megabytes: 0 });
    console.log(
      `${format}: ${fromPath.megabytes} MB from a path, ${fromBlob.megabytes} MB from a Blob`,
    );
    expect(Math.max(fromPath.megabytes, fromBlob.megabytes)).toBeLessThan(MAX_MEGABYTES);
  });
});
