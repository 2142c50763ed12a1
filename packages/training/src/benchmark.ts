import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FusionRules } from '@nnmeter/kernel-detect';
import { openDataset } from './dataset.ts';
import { DEVICES, type Device } from './devices.ts';
import { graphOf, KernelCollector, type KernelSet } from './kernel-set.ts';

/** The whole benchmark, reduced to what training needs. */
export interface Benchmark {
  readonly ids: readonly string[];
  /** SHA-256 of the dataset. */
  readonly hash: string;
  readonly devices: readonly DeviceData[];
}

export interface DeviceData {
  readonly device: Device;
  readonly set: KernelSet;
  /** ms by model; NaN where not measured. */
  readonly measured: Float64Array;
}

/**
 * Streams the dataset once and detects every model's kernels under the rules of the plugins' rules.json.
 * @param every takes only every n-th model, for trials.
 */
export async function readBenchmark(
  folder: string,
  predictors: string,
  options: {
    every?: number;
    devices?: readonly Device[];
    onProgress?: (models: number) => void;
  } = {},
): Promise<Benchmark> {
  const { every = 1, devices = DEVICES, onProgress } = options;
  const collectors = new Map<string, KernelCollector>();
  const rulesOf: string[] = [];
  for (const device of devices) {
    const text = await readFile(join(predictors, device.folder, 'rules.json'), 'utf8');
    const rules = JSON.parse(text) as FusionRules;
    const key = JSON.stringify(rules.fuse);
    rulesOf.push(key);
    if (!collectors.has(key)) collectors.set(key, new KernelCollector(rules));
  }
  const ids: string[] = [];
  const measured = devices.map((): number[] => []);
  const dataset = openDataset(folder);
  let count = 0;
  for await (const model of dataset.models()) {
    if (count++ % every !== 0) continue;
    const graph = graphOf(model.graph, model.id);
    for (const collector of collectors.values()) collector.add(graph);
    ids.push(model.id);
    for (const [index, device] of devices.entries())
      measured[index]!.push(model.measured[device.name] ?? Number.NaN);
    if (ids.length % 500 === 0) onProgress?.(ids.length);
  }
  const sets = new Map([...collectors].map(([key, collector]) => [key, collector.finish()]));
  return {
    ids,
    hash: dataset.hash(),
    devices: devices.map((device, index) => ({
      device,
      set: sets.get(rulesOf[index]!)!,
      measured: Float64Array.from(measured[index]!),
    })),
  };
}
