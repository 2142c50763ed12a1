import { type Graph, type Node, nodeCost } from '@nnmeter/ir';
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
  const measured = kernels.filter((_, index) => predictions[index]!.basis === 'measured');
  return coverageOf(graph, new Set(measured.flatMap((kernel) => kernel.nodes)));
}

/**
 * Shares of a graph's MACs and nodes that are in a set of nodes. Nodes whose MACs are unknown (custom ops, unknown
 * shapes) count as having the average of the others.
 */
export function coverageOf(graph: Graph, measured: ReadonlySet<Node>): Coverage {
  const total = { nodes: 0, known: 0, macs: 0 };
  const covered = { nodes: 0, macs: 0 };
  for (const node of graph.nodes) {
    if (FREE_OPS.has(node.op)) continue;
    const macs = nodeCost(graph, node)?.macs;
    total.nodes++;
    if (macs !== undefined) total.known++;
    total.macs += macs ?? 0;
    if (!measured.has(node)) continue;
    covered.nodes++;
    covered.macs += macs ?? 0;
  }
  return {
    macs: share(covered.macs, total.macs) * share(total.known, total.nodes),
    nodes: share(covered.nodes, total.nodes),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
