import type { Graph, Node, Op, Tensor } from '@nnmeter/ir';

/** No such node. */
export const NONE = -1;

/**
 * A graph with its edges as integers: nodes are positions in `graph.nodes`, which are in topological order.
 * Built in one pass; every query below is O(1).
 */
export class GraphView {
  readonly graph: Graph;
  readonly nodes: readonly Node[];
  /** Producer of every input slot of every node (NONE: graph input, constant, omitted), slots of node i from `slotStart[i]`. */
  readonly slotProducers: Int32Array;
  readonly slotStart: Int32Array;
  /** Number of distinct nodes reading any output of the node. */
  readonly consumerCount: Int32Array;
  /** 1 where an output of the node is a result of the graph. */
  readonly isResult: Uint8Array;
  /** The same by tensor. */
  readonly isResultTensor: Uint8Array;
  readonly #consumers: Int32Array;
  readonly #consumerStart: Int32Array;
  readonly #graphInputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    const { nodes, edges } = graph;
    const count = nodes.length;
    const { inputs, inputStart: slotStart, producers } = edges;
    const slotProducers = new Int32Array(inputs.length);
    const consumerCount = new Int32Array(count);
    const lastReader = new Int32Array(count).fill(NONE);
    let distinct = 0;
    for (let i = 0; i < count; i++) {
      for (let slot = slotStart[i]!; slot < slotStart[i + 1]!; slot++) {
        const tensor = inputs[slot]!;
        const producer = tensor === NONE ? NONE : producers[tensor]!;
        slotProducers[slot] = producer;
        if (producer === NONE || lastReader[producer] === i) continue;
        lastReader[producer] = i;
        consumerCount[producer]!++;
        distinct++;
      }
    }

    const isResult = new Uint8Array(count);
    const isResultTensor = new Uint8Array(edges.tensors.length);
    for (const tensor of edges.results) {
      isResultTensor[tensor] = 1;
      const producer = producers[tensor]!;
      if (producer !== NONE) isResult[producer] = 1;
    }

    const consumerStart = new Int32Array(count + 1);
    for (let i = 0; i < count; i++) consumerStart[i + 1] = consumerStart[i]! + consumerCount[i]!;
    const consumers = new Int32Array(distinct);
    const filled = consumerStart.slice();
    for (let i = 0; i < count; i++) {
      for (let slot = slotStart[i]!; slot < slotStart[i + 1]!; slot++) {
        const producer = slotProducers[slot]!;
        if (producer === NONE) continue;
        const at = filled[producer]!;
        if (at > consumerStart[producer]! && consumers[at - 1] === i) continue;
        consumers[at] = i;
        filled[producer] = at + 1;
      }
    }

    this.graph = graph;
    this.nodes = nodes;
    this.slotProducers = slotProducers;
    this.slotStart = slotStart;
    this.consumerCount = consumerCount;
    this.isResult = isResult;
    this.isResultTensor = isResultTensor;
    this.#consumers = consumers;
    this.#consumerStart = consumerStart;
    this.#graphInputs = new Set(graph.inputs);
  }

  op(node: number): Op {
    return this.nodes[node]!.op;
  }

  /** The k-th distinct consumer, in topological order. */
  consumer(node: number, k: number): number {
    return this.#consumers[this.#consumerStart[node]! + k]!;
  }

  /** The only reader of the node's outputs; NONE if there are several or an output is a result of the graph. */
  soleConsumer(node: number): number {
    return this.consumerCount[node] === 1 && this.isResult[node] === 0
      ? this.consumer(node, 0)
      : NONE;
  }

  /** The only reader of the node's outputs if it is one of `ops`, else NONE. */
  next(node: number, ...ops: readonly Op[]): number {
    const consumer = this.soleConsumer(node);
    return consumer !== NONE && ops.includes(this.op(consumer)) ? consumer : NONE;
  }

  /** Whether the node reads the tensor; nodes of many operands, which no block has, are not looked at. */
  reads(node: number, tensor: string): boolean {
    const { inputs } = this.nodes[node]!;
    return inputs.length <= 4 && inputs.includes(tensor);
  }

  /** The producer of an input slot, NONE for graph inputs, constants and slots the node does not have. */
  producer(node: number, slot: number): number {
    const at = this.slotStart[node]! + slot;
    return at < this.slotStart[node + 1]! ? this.slotProducers[at]! : NONE;
  }

  /** Name of the tensor that enters the node: its first input that is not a constant. */
  dataInput(node: number): string | undefined {
    return this.nodes[node]!.inputs.find(
      (name, slot) => name !== '' && !this.isConstant(node, slot),
    );
  }

  /** Whether the input slot holds a constant (or nothing). */
  isConstant(node: number, slot: number): boolean {
    return (
      this.producer(node, slot) === NONE && !this.isGraphInput(this.nodes[node]!.inputs[slot]!)
    );
  }

  isGraphInput(tensor: string): boolean {
    return this.#graphInputs.has(tensor);
  }

  /**
   * The constant operand of a two-operand node: its value, `unknown` where the source does not tell values,
   * or undefined if both operands are computed. A missing second operand counts as a constant
   * (nn-Meter IR does not always list constants).
   */
  constantOperand(node: number): number | 'unknown' | undefined {
    const { inputs } = this.nodes[node]!;
    if (inputs.length > 2) return undefined;
    if (inputs.length === 1) return 'unknown';
    for (let slot = 0; slot < inputs.length; slot++) {
      if (!this.isConstant(node, slot)) continue;
      return this.graph.tensors.get(inputs[slot]!)?.values?.[0] ?? 'unknown';
    }
    return undefined;
  }

  /** Whether one operand of a two-operand node is a constant that varies along one axis at most. */
  hasChannelConstant(node: number): boolean {
    if (this.constantOperand(node) === undefined) return false;
    const { inputs } = this.nodes[node]!;
    for (let slot = 0; slot < inputs.length; slot++) {
      if (!this.isConstant(node, slot)) continue;
      const shape = this.graph.tensors.get(inputs[slot]!)?.shape;
      return shape === undefined || shape.filter((extent) => extent !== 1).length <= 1;
    }
    return true;
  }

  firstOutput(node: number): Tensor | undefined {
    return this.graph.tensors.get(this.nodes[node]!.outputs[0] ?? '');
  }
}
