import { createHash } from 'node:crypto';
import { readDatasetModels } from '@nnmeter/dataset';
import type { Device } from './device.ts';
import { graphOf, KernelCollector, type KernelSet } from './kernel-set.ts';

/** A dataset of measured models, reduced to what training needs. */
export interface MeasuredModels<D extends Device = Device> {
  readonly ids: readonly string[];
  /** SHA-256 of the contents of the dataset's files, in the order of their names. */
  readonly hash: string;
  readonly devices: readonly DeviceData<D>[];
}

/** A device and its measurements. */
export interface DeviceData<D extends Device = Device> {
  readonly device: D;
  readonly set: KernelSet;
  /** ms by model; NaN where not measured. */
  readonly measured: Float64Array;
  /**
   * By model: 1 for one of many networks that are made of the same few kernels, which cannot tell the terms of a kernel
   * apart: they teach the trees only. Default: none.
   */
  readonly isVariation?: Uint8Array;
  /** Per entry of `set.kernelIndex`: ms of one run of the kernel by the runtime's profiler; NaN where it does not say. */
  readonly kernelMs?: Float64Array;
  /** Per entry: how many of the profiler's layers that is the sum of; default 1. */
  readonly kernelLayers?: Float64Array;
}

export interface ReadOptions {
  /** Folders of networks that are made of the same few kernels, such as those of a search over cells. */
  readonly variations?: readonly string[];
  /** Takes only every n-th model, for trials. */
  readonly every?: number;
  /** Told how many models were read, now and then. */
  readonly onProgress?: (models: number) => void;
}

/**
 * Streams a dataset once, one model in memory at a time, and detects every model's kernels under the devices' rules.
 * @param folders of `*.jsonl.gz` or `*.jsonl`, one model per line: `{ "id", "graph" (nn-Meter IR), <device name>: ms }`
 * @throws NnMeterError E_FILE if it holds no dataset, E_MEASUREMENTS for a broken line
 */
export async function readMeasuredModels<D extends Device>(
  folders: string | readonly string[],
  devices: readonly D[],
  { variations = [], every = 1, onProgress }: ReadOptions = {},
): Promise<MeasuredModels<D>> {
  const collectors = new Map<string, KernelCollector>();
  const kernelsOf = devices.map(({ rules, terms }) => JSON.stringify([rules.fuse, terms]));
  for (const [index, key] of kernelsOf.entries()) {
    const { rules, terms } = devices[index]!;
    if (!collectors.has(key)) collectors.set(key, new KernelCollector(rules, terms));
  }
  const ids: string[] = [];
  const measured = devices.map((): number[] => []);
  const hash = createHash('sha256');
  let count = 0;
  const isVariation: number[] = [];
  for (const folder of [folders, variations].flat()) {
    for await (const model of readDatasetModels(folder, {
      onChunk: (chunk) => hash.update(chunk),
    })) {
      if (count++ % every !== 0) continue;
      const graph = graphOf(model.graph, model.id);
      for (const collector of collectors.values()) collector.add(graph);
      ids.push(model.id);
      isVariation.push(variations.includes(folder) ? 1 : 0);
      for (const [index, device] of devices.entries())
        measured[index]!.push(model.measured[device.name] ?? Number.NaN);
      if (ids.length % 500 === 0) onProgress?.(ids.length);
    }
  }
  const sets = new Map([...collectors].map(([key, collector]) => [key, collector.finish()]));
  return {
    ids,
    hash: hash.digest('hex'),
    devices: devices.map((device, index) => ({
      device,
      set: sets.get(kernelsOf[index]!)!,
      measured: Float64Array.from(measured[index]!),
      isVariation: Uint8Array.from(isVariation),
    })),
  };
}
