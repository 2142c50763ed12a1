import type { Kernel } from '@nnmeter/kernel-detect';
import type { LayerTime } from '@nnmeter/runners';

/**
 * The times of a runtime's layers as times of kernels.
 * @param kernels of `detectKernels`
 * @param layers in the order of execution; layers without nodes of the graph, such as changes of layout, count to the
 * layer that follows, or that they follow where they are named after an output
 * @returns ms in the order of `kernels`; NaN where no layer runs a kernel, or one runs nodes of several
 */
export function kernelTimes(
  kernels: readonly Kernel[],
  layers: readonly LayerTime[],
): Float64Array {
  const kernelOf = new Map<string, number>();
  for (const { index, nodes } of kernels) for (const { name } of nodes) kernelOf.set(name, index);
  const times = new Float64Array(kernels.length);
  const isCounted = new Uint8Array(kernels.length);
  const spanned = new Set<number>();
  let last: number | undefined;
  let pending = 0;
  for (const layer of layers) {
    const run = kernelsRun(layer, kernelOf);
    if (run.size > 1) for (const kernel of run) spanned.add(kernel);
    const [kernel] = run;
    if (kernel === undefined) {
      if (last !== undefined && /output/i.test(layer.op ?? layer.name)) times[last]! += layer.ms;
      else pending += layer.ms;
      continue;
    }
    times[kernel]! += layer.ms + pending;
    pending = 0;
    isCounted[kernel] = 1;
    last = kernel;
  }
  if (last !== undefined) times[last]! += pending;
  return times.map((ms, kernel) => (isCounted[kernel] === 1 && !spanned.has(kernel) ? ms : NaN));
}

function kernelsRun(
  { name, nodes }: LayerTime,
  kernelOf: ReadonlyMap<string, number>,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (const node of nodes ?? nodesIn(name, kernelOf)) {
    const kernel = kernelOf.get(node);
    if (kernel !== undefined) found.add(kernel);
  }
  return found;
}

/** Nodes that a layer is named after: the whole name, or the parts of a list. */
function nodesIn(name: string, kernelOf: ReadonlyMap<string, number>): readonly string[] {
  if (kernelOf.has(name)) return [name];
  return name.split(/[\s,;:()[\]+]+/).filter((part) => kernelOf.has(part));
}
