import { locateError } from './errors.ts';
import type { Graph } from './graph.ts';
import type { Node } from './node.ts';
import { opRow } from './ops.ts';
import type { ShapedTensor } from './tensor.ts';

/**
 * The multiply-accumulate operations of every node of a graph, in the order of `graph.nodes`, as in `nodeCost`; NaN where
 * they cannot be known. Computed once a graph.
 * @throws NnMeterError E_SHAPE if an Einsum does not fit its operands.
 */
export function macsOfNodes(graph: Graph): Float64Array {
  return graph.derived(countMacs);
}

function countMacs(graph: Graph): Float64Array {
  const macs = new Float64Array(graph.nodes.length);
  for (let node = 0; node < macs.length; node++) macs[node] = macsAt(graph, node);
  return macs;
}

function macsAt(graph: Graph, position: number): number {
  const read = readTensors(graph, position);
  const written = writtenTensors(graph, position);
  if (read === undefined || written === undefined) return Number.NaN;
  const node = graph.nodes[position]!;
  try {
    return multiplyAccumulates(node, read, written) ?? Number.NaN;
  } catch (error) {
    throw locateError({ node: node.name }, error);
  }
}

/** What the node at a position reads; undefined if the shape of one is not known. */
export function readTensors(graph: Graph, position: number): ShapedTensor[] | undefined {
  return shapedTensors(graph, graph.edges.inputs, graph.edges.inputStart, position);
}

/** What it writes; undefined if the shape of one is not known. */
export function writtenTensors(graph: Graph, position: number): ShapedTensor[] | undefined {
  return shapedTensors(graph, graph.edges.outputs, graph.edges.outputStart, position);
}

function shapedTensors(
  { edges: { tensors } }: Graph,
  items: Int32Array,
  start: Int32Array,
  node: number,
): ShapedTensor[] | undefined {
  const end = start[node + 1]!;
  const found = new Array<ShapedTensor>(end - start[node]!);
  let count = 0;
  for (let at = start[node]!; at < end; at++) {
    if (items[at] === -1) continue;
    const tensor = tensors[items[at]!]!;
    if (tensor.shape === undefined) return undefined;
    found[count++] = tensor as ShapedTensor;
  }
  found.length = count;
  return found;
}

/**
 * Multiply-accumulate operations of a node by its op's rule; nothing is multiplied without operands or results. Undefined
 * for custom ops, of which nothing is known.
 */
export function multiplyAccumulates(
  node: Node,
  inputs: readonly ShapedTensor[],
  outputs: readonly ShapedTensor[],
): number | undefined {
  const { macs } = opRow(node.op);
  if (macs === 'unknown') return undefined;
  const [result] = outputs;
  if (macs === 'none' || inputs.length === 0 || result === undefined) return 0;
  return macs(node.attributes, inputs, result);
}
