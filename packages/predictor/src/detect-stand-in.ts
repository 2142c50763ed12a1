import type { Graph } from '@nnmeter/ir';
import type { FusionRules, Kernel } from '@nnmeter/kernel-detect';

/** One kernel a node, until @nnmeter/kernel-detect exports detectKernels. */
export function detectKernels(graph: Graph, _rules: FusionRules): Kernel[] {
  return graph.nodes.map((node, index) => ({
    index,
    type: node.op,
    ops: [node.op],
    nodes: [node],
    root: node,
    inputs: node.inputs
      .filter((name) => name !== '')
      .map((name) => graph.tensor(name))
      .filter((tensor) => tensor.kind !== 'constant'),
    outputs: node.outputs.filter((name) => name !== '').map((name) => graph.tensor(name)),
    inputKernels: graph.predecessors(node).map((other) => graph.nodes.indexOf(other)),
  }));
}
