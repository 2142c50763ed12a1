import type { Graph } from '@nnmeter/ir';
import { NONE } from '../graph-view.ts';

/** The node that computes an operand; NONE for graph inputs, constants and operands that the node lacks. */
export function producerOf({ edges }: Graph, node: number, slot: number): number {
  const at = edges.inputStart[node]! + slot;
  const tensor = at < edges.inputStart[node + 1]! ? edges.inputs[at]! : NONE;
  return tensor === NONE ? NONE : edges.producers[tensor]!;
}

/** How many nodes read the first result of a node; infinitely many if it is a result of the graph. */
export function readerCount({ edges }: Graph, node: number): number {
  const tensor = edges.outputs[edges.outputStart[node]!]!;
  if (tensor === NONE) return 0;
  if (edges.results.includes(tensor)) return Number.POSITIVE_INFINITY;
  return edges.consumerStart[tensor + 1]! - edges.consumerStart[tensor]!;
}

/** The only node that reads the only result of a node; NONE if there is no such node. */
export function soleReader(graph: Graph, node: number): number {
  const { edges } = graph;
  const start = edges.outputStart[node]!;
  if (edges.outputStart[node + 1]! !== start + 1 || readerCount(graph, node) !== 1) return NONE;
  return edges.consumers[edges.consumerStart[edges.outputs[start]!]!]!;
}
