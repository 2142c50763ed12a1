import {
  elementCount,
  type Graph,
  type GraphEdges,
  macsOfNodes,
  type Node,
  opRow,
  type ShapedTensor,
  type Tensor,
  tensorBytes,
  weightsOfNodes,
} from '@nnmeter/ir';

/** What one kernel computes and keeps in memory. */
export interface KernelSize {
  /** Multiply-accumulates of the nodes whose MACs are known. */
  readonly macs: number;
  /** Weights that no kernel before it reads. */
  readonly parameters: number;
  /** Their size in bytes, in the element types of the model. */
  readonly weightBytes: number;
  /** All activations that are kept while it runs, its own and those that later kernels read, bytes. */
  readonly activationBytes: number;
  /** Values that it reads and writes, its weights included, each once. */
  readonly elementsMoved: number;
}

/** What a model computes and keeps in memory, in the element types of the model. */
export interface ModelSize {
  /** Multiply-accumulates of the nodes whose MACs are known. */
  readonly macs: number;
  readonly parameters: number;
  readonly weightBytes: number;
  /** The most bytes of activations that are kept at any time, inputs and outputs of the model included. */
  readonly activationBytes: number;
  /** How many activations have no known shape, and are missing in `activationBytes`. */
  readonly unknownActivations: number;
}

/** A model's size, and that of each of its kernels in the order of execution. */
export interface MeasuredSize {
  readonly size: ModelSize;
  readonly kernels: readonly KernelSize[];
}

/** A kernel by its nodes; every node of the graph is in one. */
interface NodesOfKernel {
  readonly nodes: readonly Node[];
}

const NONE = -1;

/**
 * What a graph computes and keeps in memory when its kernels run one after the other. A kernel's own intermediate
 * results are nowhere; all others are kept from the kernel that writes them to the last that reads them, the inputs and
 * outputs of the graph to the end. Scratch memory of kernels, alignment and gaps between tensors are not counted.
 * Time and memory are linear in nodes and edges.
 * @param kernels in the order of execution
 * @param writesInPlace whether elementwise ops write over an operand that is not read again, and reshapes rename it
 * @throws NnMeterError E_SHAPE if an Einsum does not fit its operands.
 */
export function measureSize(
  graph: Graph,
  kernels: readonly NodesOfKernel[],
  writesInPlace: boolean,
): MeasuredSize {
  const kernelOf = kernelsOfNodes(graph, kernels);
  const activations = findActivations(graph.edges, kernelOf, kernels.length);
  const buffers = writesInPlace ? shareBuffers(activations, kernels) : activations;
  const held = heldBytes(buffers, kernels.length);
  const macs = macsOfNodes(graph);
  const weights = weightsOfNodes(graph);
  const sizes = kernels.map((_, index) => ({
    ...{ macs: 0, parameters: 0, weightBytes: 0 },
    ...{ activationBytes: held[index]!, elementsMoved: 0 },
  }));
  for (const [position, kernel] of kernelOf.entries()) {
    const own = sizes[kernel]!;
    own.macs += macs[position] || 0;
    own.parameters += weights[position]!.parameters;
    own.weightBytes += weights[position]!.weightBytes;
    own.elementsMoved += weights[position]!.parameters;
  }
  for (const { elements, kernels: touching } of activations)
    for (const kernel of touching) sizes[kernel]!.elementsMoved += elements;
  const total = { macs: 0, parameters: 0, weightBytes: 0, activationBytes: 0 };
  for (const own of sizes) {
    total.macs += own.macs;
    total.parameters += own.parameters;
    total.weightBytes += own.weightBytes;
    total.activationBytes = Math.max(total.activationBytes, own.activationBytes);
  }
  const unknownActivations = activations.filter(({ isKnown }) => !isKnown).length;
  return { size: { ...total, unknownActivations }, kernels: sizes };
}

/** What holds values from one kernel to another: the kernels during which it is kept, `last` included. */
interface Buffer {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** A tensor that leaves a kernel or enters the model. */
interface Activation extends Buffer {
  readonly isKnown: boolean;
  readonly elements: number;
  /** The kernels that write or read it. */
  readonly kernels: ReadonlySet<number>;
  /** The kernel that writes it; -1 for an input of the model. */
  readonly writer: number;
}

/** By position of the node: its kernel. */
function kernelsOfNodes(graph: Graph, kernels: readonly NodesOfKernel[]): Int32Array {
  const positions = new Map(graph.nodes.map((node, position) => [node, position]));
  const kernelOf = new Int32Array(graph.nodes.length).fill(NONE);
  for (const [index, { nodes }] of kernels.entries())
    for (const node of nodes) kernelOf[positions.get(node)!] = index;
  return kernelOf;
}

function findActivations(edges: GraphEdges, kernelOf: Int32Array, count: number): Activation[] {
  const { tensors, producers, consumers, consumerStart, results } = edges;
  const isResult = new Uint8Array(tensors.length);
  for (const tensor of results) isResult[tensor] = 1;
  const found: Activation[] = [];
  for (const [index, tensor] of tensors.entries()) {
    if (tensor.kind === 'constant') continue;
    const producer = producers[index]!;
    const writer = producer === NONE ? NONE : kernelOf[producer]!;
    const start = consumerStart[index]!;
    const end = consumerStart[index + 1]!;
    let first = writer === NONE ? 0 : writer;
    let last = first;
    for (let at = start; at < end; at++) {
      const reader = kernelOf[consumers[at]!]!;
      if (reader < first) first = reader;
      if (reader > last) last = reader;
    }
    const isKept = writer === NONE || isResult[index] === 1;
    if (!isKept && start < end && first === last) continue;
    const touching = new Set(writer === NONE ? [] : [writer]);
    for (let at = start; at < end; at++) touching.add(kernelOf[consumers[at]!]!);
    const { bytes, elements, isKnown } = extentOf(tensor);
    // Field by field: a spread before other fields takes ten times as long as all else here.
    found.push({
      bytes,
      elements,
      isKnown,
      first,
      last: isKept ? count : last,
      kernels: touching,
      writer,
    });
  }
  return found;
}

function extentOf(tensor: Tensor): Pick<Activation, 'bytes' | 'elements' | 'isKnown'> {
  if (tensor.shape === undefined) return { bytes: 0, elements: 0, isKnown: false };
  const shaped = tensor as ShapedTensor;
  return { bytes: tensorBytes(shaped), elements: elementCount(shaped.shape), isKnown: true };
}

/** The buffers of activations where results may take that of an operand. */
function shareBuffers(
  activations: readonly Activation[],
  kernels: readonly NodesOfKernel[],
): readonly Buffer[] {
  const read: Activation[][] = kernels.map(() => []);
  const written: Activation[][] = kernels.map(() => []);
  const bufferOf = new Map<Activation, { bytes: number; first: number; last: number }>();
  for (const activation of activations) {
    const { bytes, first, last, writer } = activation;
    bufferOf.set(activation, { bytes, first, last });
    for (const kernel of activation.kernels)
      (kernel === writer ? written : read)[kernel]!.push(activation);
  }
  for (const [index, { nodes }] of kernels.entries()) {
    const renames = nodes.every(({ op }) => opRow(op).free);
    const isElementwise = nodes.every(({ op }) => opRow(op).free || opRow(op).elementwise);
    const [result] = written[index]!;
    if (!isElementwise || result === undefined) continue;
    for (const operand of read[index]!) {
      const buffer = bufferOf.get(operand)!;
      if (buffer.bytes !== result.bytes || !(renames || buffer.last === index)) continue;
      buffer.last = Math.max(buffer.last, result.last);
      bufferOf.set(result, buffer);
      break;
    }
  }
  return [...new Set(bufferOf.values())];
}

/** By kernel: the bytes that are kept while it runs. */
function heldBytes(buffers: readonly Buffer[], count: number): Float64Array {
  const change = new Float64Array(count + 2);
  for (const { bytes, first, last } of buffers) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  const held = new Float64Array(count);
  let sum = 0;
  for (let kernel = 0; kernel < count; kernel++) {
    sum += change[kernel]!;
    held[kernel] = sum;
  }
  return held;
}
