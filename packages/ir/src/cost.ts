import { locateErrors } from './errors.ts';
import type { Graph } from './graph.ts';
import { multiplyAccumulates } from './macs.ts';
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

/** Sums over the nodes whose cost is known; a constant read by several nodes is stored, and counted, once. */
export interface GraphCost extends NodeCost {
  /** Names of the nodes that are not in the sums: custom ops, and nodes with a tensor of unknown shape. */
  readonly unknownNodes: readonly string[];
}

/**
 * The cost of one node of a graph. Undefined where it cannot be known: a custom op, or a tensor without a shape.
 * @throws NnMeterError E_SHAPE if an Einsum does not fit its operands.
 */
export function nodeCost(graph: Graph, node: Node): NodeCost | undefined {
  const inputs: ShapedTensor[] = [];
  const outputs: ShapedTensor[] = [];
  for (const [names, tensors] of [
    [node.inputs, inputs],
    [node.outputs, outputs],
  ] as const) {
    for (const name of names) {
      if (name === '') continue;
      const tensor = graph.tensor(name);
      if (!hasShape(tensor)) return undefined;
      tensors.push(tensor);
    }
  }
  const macs = locateErrors(
    () => ({ node: node.name }),
    () => multiplyAccumulates(node, inputs, outputs),
  );
  if (macs === undefined) return undefined;
  const weights = parameterTensors(node, inputs);
  const missing = unlistedParameters(node, inputs);
  const { free } = opRow(node.op);
  return {
    macs,
    parameters: missing + sum(weights, (tensor) => elementCount(tensor.shape)),
    weightBytes: missing * 4 + sum(weights, sizeInBytes),
    inputBytes: free ? 0 : sum(new Set(inputs.filter(isComputed)), sizeInBytes),
    outputBytes: free ? 0 : sum(outputs, sizeInBytes),
  };
}

/** The cost of a whole graph, with the nodes it could not count. */
export function graphCost(graph: Graph): GraphCost {
  const total = { macs: 0, parameters: 0, weightBytes: 0, inputBytes: 0, outputBytes: 0 };
  const unknownNodes: string[] = [];
  const seen = new Set<string>();
  for (const node of graph.nodes) {
    const cost = nodeCost(graph, node);
    if (cost === undefined) {
      unknownNodes.push(node.name);
      continue;
    }
    const tensors = node.inputs.flatMap((name) => (name === '' ? [] : [graph.tensor(name)]));
    const shared = parameterTensors(node, tensors.filter(hasShape)).filter(({ name }) =>
      seen.has(name),
    );
    for (const { name } of tensors) seen.add(name);
    total.macs += cost.macs;
    total.parameters += cost.parameters - sum(shared, (tensor) => elementCount(tensor.shape));
    total.weightBytes += cost.weightBytes - sum(shared, sizeInBytes);
    total.inputBytes += cost.inputBytes;
    total.outputBytes += cost.outputBytes;
  }
  return { ...total, unknownNodes };
}

function hasShape(tensor: Tensor): tensor is ShapedTensor {
  return tensor.shape !== undefined;
}

function isComputed(tensor: Tensor): boolean {
  return tensor.kind !== 'constant';
}

function sizeInBytes(tensor: ShapedTensor): number {
  return Math.ceil(elementCount(tensor.shape) * bytesPerElement(tensor.dataType));
}

function sum<T>(items: Iterable<T>, value: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += value(item);
  return total;
}

function parameterTensors(node: Node, inputs: readonly ShapedTensor[]): ShapedTensor[] {
  const { indexOperands } = opRow(node.op);
  return inputs.filter(
    (tensor, index) =>
      tensor.kind === 'constant' &&
      tensor.shape.length > 0 &&
      tensor.dataType !== 'int64' &&
      tensor.dataType !== 'bool' &&
      tensor.dataType !== 'string' &&
      !(index > 0 && indexOperands),
  );
}

/** nn-Meter IR does not list the scale, shift, mean and variance of a BatchNormalization. */
function unlistedParameters(node: Node, inputs: readonly ShapedTensor[]): number {
  const [data] = inputs;
  if (node.op !== 'bn' || inputs.length !== 1 || data === undefined) return 0;
  return 4 * imageDimensions(data.shape, data.layout).channels;
}
