import { locateErrors } from './errors.ts';
import type { Graph } from './graph.ts';
import { macsOfNodes, multiplyAccumulates, readTensors, writtenTensors } from './macs.ts';
import type { Node } from './node.ts';
import { opRow } from './ops.ts';
import {
  bytesPerElement,
  elementCount,
  imageDimensions,
  type ShapedTensor,
  type Tensor,
} from './tensor.ts';

/** What a node computes and moves, independent of any device. */
export interface NodeCost {
  /** Multiply-accumulates of convolutions, matrix products and recurrent layers; 0 for all other ops. */
  readonly macs: number;
  /** Values of weights and biases; shapes, indices and scalars are none. A BatchNormalization has 4 a channel. */
  readonly parameters: number;
  /** Size of the parameters in bytes. */
  readonly weightBytes: number;
  /** Size of the computed tensors read, each once; 0 for ops that only rename axes. */
  readonly inputBytes: number;
  /** Size of the tensors written; 0 for ops that only rename axes. */
  readonly outputBytes: number;
}

/** What a node stores. */
export type NodeWeights = Pick<NodeCost, 'parameters' | 'weightBytes'>;

/** Sums over the nodes; a constant read by several nodes is stored, and counted, once. */
export interface GraphCost extends NodeCost {
  /** Names of the nodes of which only the weights are in the sums: custom ops, and nodes with a tensor of unknown shape. */
  readonly unknownNodes: readonly string[];
}

/**
 * The cost of one node of a graph. Undefined where it cannot be known: a custom op, or a tensor without a shape.
 * @throws NnMeterError E_SHAPE if an Einsum does not fit its operands.
 */
export function nodeCost(graph: Graph, node: Node): NodeCost | undefined {
  const inputs = shapedTensors(graph, node.inputs);
  const outputs = shapedTensors(graph, node.outputs);
  if (inputs === undefined || outputs === undefined) return undefined;
  const macs = locateErrors(
    () => ({ node: node.name }),
    () => multiplyAccumulates(node, inputs, outputs),
  );
  if (macs === undefined) return undefined;
  const weights = weightsOf(node, inputs, parameterTensors(node, inputs));
  return { macs, ...movedBytes(node, inputs, outputs), ...weights };
}

/** The cost of a whole graph, with the nodes it could not count. */
export function graphCost(graph: Graph): GraphCost {
  const total = { macs: 0, parameters: 0, weightBytes: 0, inputBytes: 0, outputBytes: 0 };
  const unknownNodes: string[] = [];
  const macs = macsOfNodes(graph);
  const weights = weightsOfNodes(graph);
  for (const [position, node] of graph.nodes.entries()) {
    total.parameters += weights[position]!.parameters;
    total.weightBytes += weights[position]!.weightBytes;
    const read = readTensors(graph, position);
    const written = writtenTensors(graph, position);
    if (read === undefined || written === undefined || Number.isNaN(macs[position])) {
      unknownNodes.push(node.name);
      continue;
    }
    total.macs += macs[position]!;
    const moved = movedBytes(node, read, written);
    total.inputBytes += moved.inputBytes;
    total.outputBytes += moved.outputBytes;
  }
  return { ...total, unknownNodes };
}

/** The tensors of these names, without those left out; undefined if one has no shape. */
function shapedTensors(
  graph: Graph,
  names: readonly string[],
): readonly ShapedTensor[] | undefined {
  const tensors: ShapedTensor[] = [];
  for (const name of names) {
    if (name === '') continue;
    const tensor = graph.tensor(name);
    if (!hasShape(tensor)) return undefined;
    tensors.push(tensor);
  }
  return tensors;
}

/**
 * The weights of every node of a graph, in the order of `graph.nodes`, by the constants whose shapes are known; what
 * several nodes read counts at the first. Computed once a graph.
 */
export function weightsOfNodes(graph: Graph): readonly NodeWeights[] {
  return graph.derived(countWeights);
}

function countWeights(graph: Graph): readonly NodeWeights[] {
  const { tensors, inputs, inputStart } = graph.edges;
  const counted = new Set<Tensor>();
  return graph.nodes.map((node, position) => {
    const operands: Tensor[] = [];
    for (let at = inputStart[position]!; at < inputStart[position + 1]!; at++)
      if (inputs[at] !== -1) operands.push(tensors[inputs[at]!]!);
    const weights = parameterTensors(node, operands).filter((tensor) => !counted.has(tensor));
    for (const tensor of weights) counted.add(tensor);
    return weightsOf(node, operands, weights);
  });
}

function weightsOf(
  node: Node,
  operands: readonly Tensor[],
  weights: readonly ShapedTensor[],
): NodeWeights {
  const missing = unlistedParameters(node, operands);
  return {
    parameters: missing + sum(weights, (tensor) => elementCount(tensor.shape)),
    weightBytes: missing * 4 + sum(weights, tensorBytes),
  };
}

function hasShape(tensor: Tensor): tensor is ShapedTensor {
  return tensor.shape !== undefined;
}

/** Bytes of what a node whose shapes are known reads, each tensor once, and writes. */
function movedBytes(
  { op }: Node,
  inputs: readonly ShapedTensor[],
  outputs: readonly ShapedTensor[],
): Pick<NodeCost, 'inputBytes' | 'outputBytes'> {
  if (opRow(op).free) return { inputBytes: 0, outputBytes: 0 };
  const computed = inputs.filter(({ kind }) => kind !== 'constant');
  return {
    inputBytes: sum(computed.length > 1 ? new Set(computed) : computed, tensorBytes),
    outputBytes: sum(outputs, tensorBytes),
  };
}

/** Size of a tensor whose shape is known, in bytes. */
export function tensorBytes(tensor: ShapedTensor): number {
  return Math.ceil(elementCount(tensor.shape) * bytesPerElement(tensor.dataType));
}

function sum<T>(items: Iterable<T>, value: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += value(item);
  return total;
}

/** Constant operands that are weights, each once. */
function parameterTensors(node: Node, inputs: readonly Tensor[]): ShapedTensor[] {
  const { indexOperands } = opRow(node.op);
  const weights = inputs.filter(
    (tensor, index): tensor is ShapedTensor =>
      tensor.kind === 'constant' &&
      hasShape(tensor) &&
      tensor.shape.length > 0 &&
      tensor.dataType !== 'int64' &&
      tensor.dataType !== 'bool' &&
      tensor.dataType !== 'string' &&
      !(index > 0 && indexOperands),
  );
  return weights.length > 1 ? [...new Set(weights)] : weights;
}

/** nn-Meter IR does not list the scale, shift, mean and variance of a BatchNormalization. */
function unlistedParameters(node: Node, inputs: readonly Tensor[]): number {
  const [data] = inputs;
  if (node.op !== 'bn' || inputs.length !== 1 || data?.shape === undefined) return 0;
  return 4 * imageDimensions(data.shape, data.layout).channels;
}
