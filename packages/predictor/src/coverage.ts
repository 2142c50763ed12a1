import type { Graph, Node } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import type { KernelPrediction } from './latency-model/index.ts';
import type { Coverage } from './report.ts';

/** Ops that move no data: they cost nothing anywhere, so nothing has to be known about them. */
const FREE_OPS: ReadonlySet<string> = new Set(['reshape', 'identity', 'shape']);

/** Shares of a graph's MACs and nodes that are in kernels of measured types. */
export function measureCoverage(
  graph: Graph,
  kernels: readonly Kernel[],
  predictions: readonly KernelPrediction[],
): Coverage {
  const measured = new Set<Node>();
  for (const [index, kernel] of kernels.entries()) {
    if (predictions[index]!.basis !== 'measured') continue;
    for (const node of kernel.nodes) measured.add(node);
  }
  const counted = graph.nodes.filter((node) => !FREE_OPS.has(node.op));
  const nodes = share(counted.filter((node) => measured.has(node)).length, counted.length);
  return { macs: nodes, nodes };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
