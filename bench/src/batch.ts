import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, round } from './measure.ts';

type Row = Record<string, string | number>;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `nn-meter predict` of a folder of files, on one processor and on all of them (Linux: `taskset`), in turn. */
export function batchOfFiles(files: number, runs: number): Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-batch-'));
  try {
    for (let file = 0; file < files; file++)
      symlinkSync(`${root}fixtures/onnx/mobilenet_v2.onnx`, join(folder, `${file}.onnx`));
    const cli = [`${root}packages/cli/bin/nn-meter.js`, 'predict', '--onnx', folder];
    const time = (processors: string): number => {
      const start = performance.now();
      execFileSync('taskset', ['-c', processors, process.execPath, ...cli, '--predictor', 'all'], {
        stdio: 'ignore',
      });
      return performance.now() - start;
    };
    const all = cpus().length;
    const one: number[] = [];
    const several: number[] = [];
    for (let run = 0; run < runs; run++) {
      one.push(time('0'));
      several.push(time(`0-${all - 1}`));
    }
    return [
      {
        files,
        '1 processor, s': round(median(one) / 1000),
        [`${all} processors, s`]: round(median(several) / 1000),
        ratio: round(median(one) / median(several)),
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
