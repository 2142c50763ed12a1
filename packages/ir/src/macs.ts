import { planEinsum } from './einsum.ts';
import { locateErrors } from './errors.ts';
import type { Graph } from './graph.ts';
import type { Node } from './node.ts';
import { elementCount, imageDimensions, type Shape, type ShapedTensor } from './tensor.ts';

const known = new WeakMap<Graph, Float64Array>();

/**
 * The multiply-accumulate operations of every node of a graph, in the order of `graph.nodes`, as in `nodeCost`; NaN where
 * they cannot be known. Computed once a graph.
 * @throws NnMeterError E_SHAPE if an Einsum does not fit its operands.
 */
export function macsOfNodes(graph: Graph): Float64Array {
  let macs = known.get(graph);
  if (macs === undefined) {
    macs = new Float64Array(graph.nodes.length);
    for (let node = 0; node < macs.length; node++) macs[node] = macsAt(graph, node);
    known.set(graph, macs);
  }
  return macs;
}

function macsAt(graph: Graph, position: number): number {
  const { inputs, inputStart, outputs, outputStart } = graph.edges;
  const read = shapedTensors(graph, inputs, inputStart, position);
  const written = shapedTensors(graph, outputs, outputStart, position);
  if (read === undefined || written === undefined) return Number.NaN;
  const node = graph.nodes[position]!;
  if (node.op !== 'einsum') return multiplyAccumulates(node, read, written) ?? Number.NaN;
  return locateErrors(
    () => ({ node: node.name }),
    () => multiplyAccumulates(node, read, written) ?? Number.NaN,
  );
}

/** Undefined if the shape of one is not known. */
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
 * Multiply-accumulate operations of a node. Convolution: output elements x kernel extent x input channels a group;
 * transposed convolution: input elements x kernel extent x output channels a group; matrix products: output elements x
 * inner extent; Einsum of n operands: (n - 1) x the extents of all indices; recurrent layers: steps x gates x hidden x
 * (input + hidden). All other ops multiply-accumulate nothing. Undefined for custom ops, of which nothing is known.
 */
export function multiplyAccumulates(
  node: Node,
  inputs: readonly ShapedTensor[],
  outputs: readonly ShapedTensor[],
): number | undefined {
  const [data] = inputs;
  const [result] = outputs;
  if (data === undefined || result === undefined) return node.op === 'custom' ? undefined : 0;
  switch (node.op) {
    case 'conv':
    case 'dwconv': {
      const { kernelShape, group } = node.attributes;
      return (elementCount(result.shape) * elementCount(kernelShape) * channels(data)) / group;
    }
    case 'convtranspose': {
      const { kernelShape, group } = node.attributes;
      return (elementCount(data.shape) * elementCount(kernelShape) * channels(result)) / group;
    }
    case 'fc':
    case 'matmul': {
      const inner = node.attributes.transposeA ? data.shape.at(-2) : data.shape.at(-1);
      return elementCount(result.shape) * (inner ?? 1);
    }
    case 'einsum': {
      const shapes = inputs.map((input) => input.shape);
      const { extents, ellipsis } = planEinsum(node.attributes.equation, shapes);
      return (shapes.length - 1) * elementCount([...extents.values(), ...ellipsis]);
    }
    case 'lstm':
      return recurrent(4, node.attributes, data.shape);
    case 'gru':
      return recurrent(3, node.attributes, data.shape);
    case 'rnn':
      return recurrent(1, node.attributes, data.shape);
    case 'custom':
      return undefined;
    default:
      return 0;
  }
}

function channels(tensor: ShapedTensor): number {
  return imageDimensions(tensor.shape, tensor.layout).channels;
}

/** `sequence` has the features last: [steps, batch, features] or [batch, steps, features]. */
function recurrent(
  gates: number,
  { hiddenSize, directions }: { readonly hiddenSize: number; readonly directions: number },
  sequence: Shape,
): number {
  const features = sequence.at(-1) ?? 0;
  const steps = elementCount(sequence.slice(0, -1));
  return steps * directions * gates * hiddenSize * (features + hiddenSize);
}
