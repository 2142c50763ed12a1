import {
  configurationCell,
  KERNEL_KINDS,
  type LatencyModelWeights,
  LIMITS_PER_KIND,
  structureCell,
} from '@nnmeter/latency-model';
import type { Anchor } from './anchors.ts';
import type { KernelSet } from './kernel-set.ts';

/**
 * Kinds, extents and configurations that occur in the models with weight.
 * @param leastModels a kind counts as measured if so many models run it, or an anchor measures it alone
 * @param leastOfCell a configuration counts as seen if so many models run it
 */
export function whatTrainingSaw(
  set: KernelSet,
  weight: Float64Array,
  anchors: readonly Anchor[],
  leastModels: number,
  leastOfCell = 1,
): Pick<
  LatencyModelWeights,
  'measured' | 'measuredFused' | 'limits' | 'sides' | 'cells' | 'structures'
> {
  const modelsOfKind = new Uint32Array(KERNEL_KINDS.length);
  const modelsFusing = new Uint32Array(KERNEL_KINDS.length);
  const limits = new Float32Array(KERNEL_KINDS.length * LIMITS_PER_KIND);
  const sides = new Set<number>();
  const cells = new Map<number, number>();
  const structures = new Map<number, number>();
  for (let model = 0; model < weight.length; model++) {
    if (weight[model] === 0) continue;
    const kinds = new Set<number>();
    const ownCells = new Set<number>();
    const ownStructures = new Set<number>();
    let fusedKinds = 0;
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const kernel = set.kernels[set.kernelIndex[entry]!]!;
      kinds.add(kernel.kind);
      fusedKinds |= kernel.fusedKinds;
      sides.add(Math.max(kernel.height, kernel.width));
      ownCells.add(configurationCell(kernel));
      ownStructures.add(structureCell(kernel));
      const at = kernel.kind * LIMITS_PER_KIND;
      limits[at] = Math.max(limits[at]!, kernel.channels);
      limits[at + 1] = Math.max(limits[at + 1]!, kernel.outChannels);
      limits[at + 2] = Math.max(limits[at + 2]!, kernel.kernelHeight, kernel.kernelWidth);
    }
    for (const kind of kinds) modelsOfKind[kind]!++;
    for (const cell of ownCells) cells.set(cell, (cells.get(cell) ?? 0) + 1);
    for (const cell of ownStructures) structures.set(cell, (structures.get(cell) ?? 0) + 1);
    for (const kind of modelsFusing.keys()) modelsFusing[kind]! += (fusedKinds >> kind) & 1;
  }
  const enough = (counts: Uint32Array): Uint8Array =>
    Uint8Array.from(counts, (models) => (models >= leastModels ? 1 : 0));
  const ascending = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
  const seen = (counts: ReadonlyMap<number, number>): Uint32Array =>
    Uint32Array.from(ascending(counts.keys()).filter((cell) => counts.get(cell)! >= leastOfCell));
  for (const { kernel } of anchors) modelsOfKind[kernel.kind] = leastModels;
  return {
    measured: enough(modelsOfKind),
    measuredFused: enough(modelsFusing),
    limits,
    sides: Uint16Array.from(ascending(sides).filter((side) => side < 65536)),
    cells: seen(cells),
    structures: seen(structures),
  };
}
