import type { Kernel } from '@nnmeter/kernel-detect';
import type { LayerTime } from '@nnmeter/runners';
import { movesOnly } from './fusion-evidence.ts';

/** What layers a kernel ran as. */
export interface KernelTime {
  /** NaN where no layer runs the kernel, or one runs nodes of several. */
  readonly ms: number;
  /** How many layers that is the sum of: a profiler takes its own time with each. */
  readonly layers: number;
}

const NOTHING: KernelTime = { ms: 0, layers: 0 };

/**
 * The times of a runtime's layers as times of kernels. A layer that runs nodes of several counts to the only one of
 * them whose first operation it runs, as where a runtime adds to a shortcut what the rules add to the branch; or, if
 * the others only move data, which costs nothing in it, to the one that computes.
 * @param kernels of `detectKernels`
 * @param layers in the order of execution; layers without nodes of the graph, such as changes of layout, count to the
 * layer that follows, or that they follow where they are named after an output
 * @returns in the order of `kernels`
 */
export function kernelTimes(
  kernels: readonly Kernel[],
  layers: readonly LayerTime[],
): KernelTime[] {
  const kernelOf = new Map<string, number>();
  for (const { index, nodes } of kernels) for (const { name } of nodes) kernelOf.set(name, index);
  const roots = new Map(kernels.map((kernel) => [kernel.root.name, kernel]));
  const times = kernels.map(() => ({ ...NOTHING }));
  const isCounted = new Uint8Array(kernels.length);
  const spanned = new Set<number>();
  let last: number | undefined;
  let pending = NOTHING;
  const count = (kernel: number, { ms, layers }: KernelTime): void => {
    times[kernel]!.ms += ms;
    times[kernel]!.layers += layers;
  };
  for (const layer of layers) {
    const nodes = layer.nodes ?? nodesIn(layer.name, kernelOf);
    const run = new Set(nodes.flatMap((node) => kernelOf.get(node) ?? []));
    const kernel = run.size > 1 ? onlyKernel(nodes, roots) : [...run][0];
    if (kernel === undefined && run.size > 1) {
      for (const each of run) spanned.add(each);
      pending = NOTHING;
      continue;
    }
    const time = { ms: layer.ms, layers: 1 };
    if (kernel === undefined) {
      if (last !== undefined && /output/i.test(layer.op ?? layer.name)) count(last, time);
      else pending = { ms: pending.ms + layer.ms, layers: pending.layers + 1 };
      continue;
    }
    count(kernel, time);
    count(kernel, pending);
    pending = NOTHING;
    isCounted[kernel] = 1;
    last = kernel;
  }
  if (last !== undefined) count(last, pending);
  return times.map((time, kernel) =>
    isCounted[kernel] === 1 && !spanned.has(kernel) ? time : { ...time, ms: Number.NaN },
  );
}

/** The kernel of several that a layer's time is that of. */
function onlyKernel(
  nodes: readonly string[],
  roots: ReadonlyMap<string, Kernel>,
): number | undefined {
  const begun = nodes.flatMap((node) => roots.get(node) ?? []);
  const computing = begun.filter((kernel) => !movesOnly(kernel));
  return (begun.length === 1 ? begun : computing.length === 1 ? computing : [])[0]?.index;
}

/** Nodes that a layer is named after: the whole name, or the parts of a list. */
function nodesIn(name: string, kernelOf: ReadonlyMap<string, number>): readonly string[] {
  if (kernelOf.has(name)) return [name];
  return name.split(/[\s,;:()[\]+]+/).filter((part) => kernelOf.has(part));
}
