import { join } from 'node:path';
import { listDatasetFiles, readDatasetLines } from '@nnmeter/dataset';
import { NnMeterError, quote } from '@nnmeter/ir';
import { isMeasurement } from '@nnmeter/latency-model';
import { readConfiguration } from './configuration.ts';

/** A measured model of the benchmark. */
export interface BenchmarkModel {
  readonly id: string;
  /** nn-Meter IR, as JSON; `readNnMeterIr(graph, { name: id })` of @nnmeter/ir makes a graph of it. */
  readonly graph: unknown;
  /** ms by predictor name; null where the model was not measured. */
  readonly measured: Readonly<Record<string, number | null>>;
}

/** The folder `nn-meter dataset pull` fills. */
export function datasetFolder(dataFolder: string): string {
  return join(dataFolder, 'dataset');
}

/**
 * The models of the nn-Meter benchmark, or of a dataset in its form, one at a time: all .jsonl and .jsonl.gz files of a
 * folder in the order of their names, or one file. Only what is asked for is read. Never downloads anything.
 * @param path default: where `nn-meter dataset pull` put the benchmark
 * @throws NnMeterError E_FILE if there is none, E_MEASUREMENTS naming file and line
 */
export async function* benchDataset(path?: string): AsyncGenerator<BenchmarkModel> {
  const folder = path ?? datasetFolder((await readConfiguration()).dataFolder);
  const { files } = await listDatasetFiles(folder).catch((cause: unknown) => {
    const hint = path === undefined ? '; run: nn-meter dataset pull' : '';
    throw new NnMeterError('E_FILE', `there is no dataset at ${quote(folder)}${hint}`, { cause });
  });
  for (const file of files) yield* readModels(file);
}

async function* readModels(file: string): AsyncGenerator<BenchmarkModel> {
  let number = 0;
  for await (const line of readDatasetLines(file)) {
    number++;
    if (line.trim() !== '') yield parseModel(line, `${file}, line ${number}`);
  }
}

function parseModel(line: string, where: string): BenchmarkModel {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch (cause) {
    throw new NnMeterError('E_MEASUREMENTS', `${where} is not JSON`, { cause });
  }
  const { id, graph, ...measured } = (entry ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || typeof graph !== 'object' || graph === null) {
    throw new NnMeterError('E_MEASUREMENTS', `${where} is no object with an "id" and a "graph"`);
  }
  for (const [device, ms] of Object.entries(measured)) {
    if (ms === null || isMeasurement(ms)) continue;
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `${where}: ${device} of ${id} is ${JSON.stringify(ms)}; it must be a positive number of ms (1e-9 to 1e12), or null`,
    );
  }
  return { id, graph, measured: measured as Record<string, number | null> };
}
