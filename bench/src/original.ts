import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeOnnxFile } from '@nnmeter/export-onnx';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import type { Graph } from '@nnmeter/ir';
import {
  detectNnMeterKernels,
  nnMeterFeatures,
  nnMeterRegressor,
} from '@nnmeter/nn-meter-predictors';
import { createPredictor, modelFileToGraph } from '@nnmeter/predictor';
import { buildDatasetModel, buildModel } from '@nnmeter/zoo';
import { cpu } from './devices.ts';
import { median, round } from './measure.ts';
import { Python } from './python.ts';
import { loadOnce } from './start.ts';

type Row = Record<string, string | number>;

/** Name in torchvision and in the benchmark dataset. */
const MODELS = [
  ['resnet18', 'resnet18'],
  ['mobilenet_v2', 'mobilenetv2'],
  ['densenet121', 'densenet'],
] as const;
const rules = cpu.definition.fusionRules.official!;

export interface Comparison {
  readonly note: string;
  readonly loading: Row[];
  readonly prediction: Row[];
}

export interface ComparisonOptions {
  /** Share of the trees and samples of the official forests. */
  readonly share: number;
  /** How often both sides load and predict, in turn; the first time does not count. */
  readonly rounds: number;
  /** Fresh graphs of ours in a round. */
  readonly graphs: number;
}

/**
 * The original and this project in turn on the same inputs: loading a predictor, and predicting each model from a graph
 * in memory and from its ONNX file. Without the nn-meter package the original's side is its forests alone.
 */
export async function againstOriginal(options: ComparisonOptions): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-original-'));
  try {
    return await compare(folder, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(folder: string, options: ComparisonOptions): Promise<Comparison> {
  const { share, rounds } = options;
  const builder = new Python(folder);
  const { versions, complete } = await builder.ask<{ versions: string[]; complete: boolean }>({
    do: 'versions',
  });
  const pickles = await builder.ask<{ nodes: number; bytes: number }>({
    do: 'build',
    rules,
    share,
  });
  const tasks = complete ? await modelTasks(folder, builder) : forestTasks();
  builder.end();

  const loads: { theirs: number; rss: number; ours: number }[] = [];
  let python!: Python;
  for (let run = 0; run <= rounds; run++) {
    python?.end();
    python = new Python(folder);
    await python.ask({ do: 'versions' });
    const { ms, rss } = await python.ask<{ ms: number; rss: number }>({ do: 'load' });
    loads.push({ theirs: ms, rss, ours: loadOnce(cpu.package).ms });
  }
  const warm = loads.slice(1);
  const theirs = median(warm.map((load) => load.theirs));
  const ours = median(warm.map((load) => load.ours));
  const loading: Row = {
    'original, ms': round(theirs),
    'its files, MB': round(pickles.bytes / 1e6),
    'its peak memory, MB': round(warm[0]!.rss / 1e6),
    'ours, ms': round(ours),
    'our file, MB': round(Buffer.byteLength(cpu.definition.weights, 'base64') / 1e6),
    ratio: round(theirs / ours),
  };

  const prediction = await predictInTurn(python, tasks, options);
  python.end();
  const nodes = `${(pickles.nodes / 1e6).toFixed(1)} million nodes`;
  return {
    note: `${versions.join(', ')}; forests of ${nodes}`,
    loading: [loading],
    prediction,
  };
}

interface Task {
  readonly model: string;
  readonly from: string;
  /** What the original is asked to predict. */
  readonly request: { readonly kind: string; readonly model: unknown };
  /** A fresh graph, built outside the time; absent if reading the file is part of the work. */
  readonly graph?: () => Graph;
}

/** The same IR graph and ONNX file for both. */
async function modelTasks(folder: string, python: Python): Promise<Task[]> {
  const tasks: Task[] = [];
  mkdirSync(join(folder, 'models'));
  for (const [model, family] of MODELS) {
    const ir = writeNnMeterIr(buildDatasetModel(family));
    const graph = (): Graph => readNnMeterIr(ir);
    tasks.push({ model, from: 'graph', request: { kind: 'nnmeter-ir', model: ir }, graph });
    const path = join(folder, 'models', `${model}.onnx`);
    await writeOnnxFile(buildModel(model), path, { weights: 'zero', external: true });
    const { bytes } = await python.ask<{ bytes: number }>({ do: 'fill', path });
    const from = `ONNX file, ${round(bytes / 1e6)} MB`;
    tasks.push({ model, from, request: { kind: 'onnx', model: path } });
  }
  return tasks;
}

/** For the original only features by regressor: its last step. */
function forestTasks(): Task[] {
  return MODELS.map(([model, family]) => {
    const features: Record<string, number[][]> = {};
    for (const kernel of detectNnMeterKernels(buildDatasetModel(family), rules)) {
      const row = nnMeterFeatures(kernel);
      if (row === undefined) continue;
      const regressor = nnMeterRegressor(kernel.name);
      features[regressor] = [...(features[regressor] ?? []), row];
    }
    const graph = (): Graph => buildDatasetModel(family);
    return { model, from: 'graph', request: { kind: 'features', model: features }, graph };
  });
}

/** Mean processor time in a round, of all threads; the median of the rounds. */
async function predictInTurn(
  python: Python,
  tasks: readonly Task[],
  { rounds, graphs }: ComparisonOptions,
): Promise<Row[]> {
  const predictor = createPredictor(cpu.definition);
  const times = tasks.map(() => ({ theirs: [] as number[], ours: [] as number[] }));
  for (let run = 0; run <= rounds; run++) {
    for (const [index, { request, graph }] of tasks.entries()) {
      const { ms } = await python.ask<{ ms: number }>({ do: 'predict', ...request, repeat: 5 });
      const inputs = Array.from({ length: graphs }, () => graph?.());
      const before = process.cpuUsage();
      for (const fresh of inputs) {
        predictor.totalMs(fresh ?? (await modelFileToGraph(request.model as string, 'onnx')));
      }
      const { user, system } = process.cpuUsage(before);
      if (run === 0) continue;
      times[index]!.theirs.push(ms);
      times[index]!.ours.push((user + system) / 1000 / graphs);
    }
  }
  return tasks.map(({ model, from }, index) => {
    const [theirs, ours] = [median(times[index]!.theirs), median(times[index]!.ours)];
    return {
      model,
      from,
      'original, ms': round(theirs),
      'ours, ms': round(ours),
      ratio: round(theirs / ours),
    };
  });
}
