import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHeldOut } from '@nnmeter/dataset';
import { detectKernels } from '@nnmeter/kernel-detect';
import {
  decodeWeights,
  describeKernels,
  KERNEL_KINDS,
  type KernelDescription,
  KernelModel,
  kernelFloor,
} from '@nnmeter/latency-model';
import { modelToGraph } from '@nnmeter/predictor';
import type { Anchor } from './anchors.ts';
import type { Device, DeviceFolder } from './device.ts';
import type { DeviceData } from './measured-models.ts';
import { trainDevice } from './train-device.ts';

const NETWORKS = ['resnet50', 'mobilenet_v2', 'densenet121'];

/**
 * Markdown tables of one device: latency of known networks by kernel type, from totals alone and as shipped, and single
 * ops against their measurement. The shipped model is that of the device's `weights.bin`.
 */
export async function breakdownOf(
  data: DeviceData<DeviceFolder>,
  ids: readonly string[],
): Promise<string> {
  const isTraining = (model: number): boolean => !isHeldOut(ids[model]!);
  const { folder, anchors = [] } = data.device;
  const withoutHelp = { rounds: 0, floors: false, anchors: [] };
  const alone = new KernelModel(trainDevice(data, isTraining, withoutHelp));
  const { physics } = alone.weights;
  const shipped = new KernelModel(decodeWeights(await readFile(join(folder, 'weights.bin'))));
  const before: Cost = (kernel) => alone.baseLatency(kernel) - kernelFloor(kernel, physics);
  const after: Cost = (kernel) => shipped.latency(kernel);
  const lines = [`## ${data.device.name}`, ''];
  for (const network of NETWORKS)
    lines.push(...(await networkTable(network, data.device, before, after)), '');
  lines.push(...anchorTable(anchors, before, after));
  return lines.join('\n');
}

type Cost = (kernel: KernelDescription) => number;

async function networkTable(
  network: string,
  { rules, terms }: Device,
  before: Cost,
  after: Cost,
): Promise<string[]> {
  const graph = await modelToGraph(network, 'torch');
  const kernels = detectKernels(graph, rules);
  const byType = new Map<string, { count: number; before: number; after: number }>();
  for (const [index, description] of describeKernels(kernels, graph, terms).entries()) {
    const { type } = kernels[index]!;
    const row = byType.get(type) ?? { count: 0, before: 0, after: 0 };
    row.count++;
    row.before += before(description!);
    row.after += after(description!);
    byType.set(type, row);
  }
  const rows = [...byType].sort(([, a], [, b]) => b.after - a.after);
  return [
    `| ${network}: kernel type | kernels | totals alone, ms | shipped, ms |`,
    '|---|--:|--:|--:|',
    ...rows.map(
      ([type, row]) => `| ${type} | ${row.count} | ${ms(row.before)} | ${ms(row.after)} |`,
    ),
  ];
}

function anchorTable(anchors: readonly Anchor[], before: Cost, after: Cost): string[] {
  return [
    '| op measured alone by the authors of nn-Meter | measured, ms | totals alone, ms | shipped, ms |',
    '|---|--:|--:|--:|',
    ...anchors.map(
      ({ name, kernel, ms: measured }) =>
        `| ${KERNEL_KINDS[kernel.kind]} of ${name} | ${ms(measured)} | ${ms(before(kernel))} | ${ms(after(kernel))} |`,
    ),
  ];
}

function ms(value: number): string {
  return value === 0 ? '0' : value.toFixed(value < 0.1 ? 4 : value < 10 ? 3 : 1);
}
