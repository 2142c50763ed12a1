import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { buildModel, modelNames } from '@nnmeter/zoo';
import { median, round } from './measure.ts';

type Row = Record<string, string | number>;

interface Seconds {
  readonly elapsed: number;
  readonly processor: number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Makes a process write its processor time, all threads together, in microseconds, as the last line of stderr. */
const REPORT = `data:text/javascript,import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  process._rawDebug('\\n' + (user + system));
});`;

/**
 * `nn-meter predict` of a folder of ONNX files on all devices: the networks of torchvision in turn, 11 to 1,700 nodes,
 * no two files alike. On one processor (Linux: `taskset`), on all of them with one thread, and with as
 * many threads as processors, in turn.
 */
export function batchesOfFiles(batches: readonly number[], runs: number): Row[] {
  return batches.map((files) => {
    const folder = mkdtempSync(join(tmpdir(), 'nnmeter-batch-'));
    try {
      writeBatch(folder, files);
      const all = availableParallelism();
      const measured = {
        processor: [] as Seconds[],
        thread: [] as Seconds[],
        all: [] as Seconds[],
      };
      for (let run = 0; run < runs; run++) {
        measured.processor.push(predict(folder, 1, ['taskset', '-c', '0']));
        measured.thread.push(predict(folder, 1, []));
        measured.all.push(predict(folder, all, []));
      }
      const elapsed = (times: readonly Seconds[]) => median(times.map((time) => time.elapsed));
      const processor = (times: readonly Seconds[]) => median(times.map((time) => time.processor));
      return {
        files,
        '1 processor, s': round(elapsed(measured.processor)),
        '1 thread, s': round(elapsed(measured.thread)),
        [`${all} threads, s`]: round(elapsed(measured.all)),
        'times 1 processor': round(elapsed(measured.processor) / elapsed(measured.all)),
        'times 1 thread': round(elapsed(measured.thread) / elapsed(measured.all)),
        'processor time, s': `${round(processor(measured.processor))} -> ${round(processor(measured.all))}`,
      };
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

function writeBatch(folder: string, files: number): void {
  mkdirSync(folder, { recursive: true });
  const names = modelNames();
  for (let file = 0; file < files; file++) {
    const graph = buildModel(names[file % names.length]!, { classes: 10 + file });
    writeFileSync(join(folder, `${file}.onnx`), graphToOnnx(graph));
  }
}

function predict(folder: string, threads: number, prefix: readonly string[]): Seconds {
  const [command, ...args] = [
    ...prefix,
    ...[process.execPath, '--import', REPORT, `${root}packages/cli/bin/nn-meter.js`],
    ...['predict', '--predictor', 'all', '--threads', String(threads), '--onnx', folder],
  ];
  const start = performance.now();
  const { status, stderr } = spawnSync(command!, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const elapsed = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(stderr);
  return { elapsed, processor: Number(stderr.trim().split('\n').at(-1)) / 1e6 };
}
