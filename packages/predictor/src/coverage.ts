import { type Graph, macsOfNodes, type Node, opRow } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import type { KernelPrediction } from '@nnmeter/latency-model';
import type { Coverage } from './report.ts';

/**
 * Shares of a graph's MACs and nodes that are in kernels of measured types. Of a kernel with fused stages that were never
 * measured only the first op counts.
 */
export function measureCoverage(
  graph: Graph,
  kernels: readonly Kernel[],
  predictions: readonly KernelPrediction[],
): Coverage {
  const measured = new Uint8Array(graph.nodes.length);
  for (let index = 0; index < kernels.length; index++) {
    const { basis, latencyMs, estimatedMs } = predictions[index]!;
    const { positions, rootPosition } = kernels[index]!;
    if (basis === 'measured') for (const position of positions) measured[position] = 1;
    else if (estimatedMs < latencyMs) measured[rootPosition] = 1;
  }
  return sharesOf(graph, measured);
}

/**
 * Shares of a graph's MACs and nodes that are in a set of nodes. Nodes whose MACs are unknown (custom ops, unknown
 * shapes) count as having the average of the others.
 */
export function coverageOf(graph: Graph, measured: ReadonlySet<Node>): Coverage {
  return sharesOf(
    graph,
    Uint8Array.from(graph.nodes, (node) => (measured.has(node) ? 1 : 0)),
  );
}

/** @param measured by node: 1 if it is measured */
function sharesOf(graph: Graph, measured: Uint8Array): Coverage {
  const macs = macsOfNodes(graph);
  const total = { nodes: 0, known: 0, macs: 0 };
  const covered = { nodes: 0, macs: 0 };
  for (let node = 0; node < macs.length; node++) {
    // What costs nothing anywhere need not be known.
    if (opRow(graph.nodes[node]!.op).free) continue;
    const isKnown = !Number.isNaN(macs[node]!);
    const own = isKnown ? macs[node]! : 0;
    total.nodes++;
    if (isKnown) total.known++;
    total.macs += own;
    if (measured[node] === 0) continue;
    covered.nodes++;
    covered.macs += own;
  }
  return {
    macs: ratio(covered.macs, total.macs) * ratio(total.known, total.nodes),
    nodes: ratio(covered.nodes, total.nodes),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
