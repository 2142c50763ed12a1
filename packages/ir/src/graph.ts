import { NnMeterError, quote } from './errors.ts';
import type { Node } from './node.ts';
import { elementCount, type Tensor } from './tensor.ts';

/** What a frontend hands over; `createGraph` checks it and puts the nodes in topological order. */
export interface GraphSpecification {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly tensors: Iterable<Tensor>;
  /** Names of the tensors fed by the user, without constants. */
  readonly inputs: readonly string[];
  /** Names of the result tensors. */
  readonly outputs: readonly string[];
  /** Facts about the source, e.g. `{ format: 'onnx', producer: 'pytorch 1.13', opset: '13' }`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Things the user should know that did not stop the reading. */
  readonly warnings?: readonly string[];
}

/**
 * An immutable network. Nodes are in topological order; equal order in the source is kept.
 * Build one with {@link createGraph}; all queries are O(1) after the first.
 */
export class Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly #producers: ReadonlyMap<string, Node>;
  readonly #consumers: ReadonlyMap<string, readonly Node[]>;
  #nodesByName: ReadonlyMap<string, Node> | undefined;

  /** @internal use {@link createGraph} */
  constructor(
    specification: GraphSpecification,
    tensors: ReadonlyMap<string, Tensor>,
    index: {
      producers: ReadonlyMap<string, Node>;
      consumers: ReadonlyMap<string, readonly Node[]>;
    },
    nodes: readonly Node[],
  ) {
    this.name = specification.name;
    this.nodes = nodes;
    this.tensors = tensors;
    this.inputs = specification.inputs;
    this.outputs = specification.outputs;
    this.metadata = specification.metadata ?? {};
    this.warnings = specification.warnings ?? [];
    this.#producers = index.producers;
    this.#consumers = index.consumers;
  }

  /** The node that computes a tensor; undefined for inputs and constants. */
  producer(tensorName: string): Node | undefined {
    return this.#producers.get(tensorName);
  }

  /** The nodes that read a tensor, in topological order; a node reading it twice is listed once. */
  consumers(tensorName: string): readonly Node[] {
    return this.#consumers.get(tensorName) ?? [];
  }

  /** Distinct nodes whose outputs this node reads, in input order. */
  predecessors(node: Node): readonly Node[] {
    const found: Node[] = [];
    for (const input of node.inputs) {
      const producer = this.#producers.get(input);
      if (producer !== undefined && !found.includes(producer)) found.push(producer);
    }
    return found;
  }

  /** Distinct nodes that read any output of this node, in topological order per output. */
  successors(node: Node): readonly Node[] {
    if (node.outputs.length === 1) return this.consumers(node.outputs[0]!);
    const found = new Set<Node>();
    for (const output of node.outputs)
      for (const consumer of this.consumers(output)) found.add(consumer);
    return [...found];
  }

  /** @throws NnMeterError E_INVALID_INPUT if there is no such tensor. */
  tensor(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `graph ${quote(this.name)} has no tensor ${quote(name)}`,
      );
    }
    return tensor;
  }

  /** The node of that name, if any. */
  node(name: string): Node | undefined {
    this.#nodesByName ??= new Map(this.nodes.map((node) => [node.name, node]));
    return this.#nodesByName.get(name);
  }
}

/**
 * Checks a network and puts its nodes in topological order, in time linear in nodes and edges.
 * @throws NnMeterError E_INVALID_GRAPH naming the culprit: a duplicate node or tensor name, a tensor computed twice,
 * an input or output that does not exist, a shape that is not non-negative integers, a cycle.
 */
export function createGraph(specification: GraphSpecification): Graph {
  const tensors = indexTensors(specification);
  const producers = indexProducers(specification, tensors);
  const nodes = sortTopologically(specification, tensors, producers);
  const consumers = indexConsumers(nodes);
  for (const list of [specification.inputs, specification.outputs]) {
    for (const name of list) {
      if (!tensors.has(name)) {
        throw invalid(
          specification,
          `its ${list === specification.inputs ? 'input' : 'output'} ${quote(name)} is not a tensor of the graph`,
        );
      }
    }
  }
  return new Graph(specification, tensors, { producers, consumers }, nodes);
}

function invalid(specification: GraphSpecification, what: string): NnMeterError {
  return new NnMeterError(
    'E_INVALID_GRAPH',
    `graph ${quote(specification.name)} is not valid: ${what}`,
  );
}

function indexTensors(specification: GraphSpecification): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const tensor of specification.tensors) {
    if (tensors.has(tensor.name))
      throw invalid(specification, `two tensors are named ${quote(tensor.name)}`);
    if (tensor.shape?.some((dimension) => !Number.isSafeInteger(dimension) || dimension < 0)) {
      throw invalid(
        specification,
        `tensor ${quote(tensor.name)} has the shape [${tensor.shape.join(', ')}]; dimensions must be integers from 0 to 2^53 - 1`,
      );
    }
    if (tensor.shape !== undefined && elementCount(tensor.shape) > Number.MAX_SAFE_INTEGER) {
      throw invalid(
        specification,
        `tensor ${quote(tensor.name)} of shape [${tensor.shape.join(', ')}] has more than 2^53 elements`,
      );
    }
    tensors.set(tensor.name, tensor);
  }
  return tensors;
}

function indexProducers(
  specification: GraphSpecification,
  tensors: ReadonlyMap<string, Tensor>,
): Map<string, Node> {
  const producers = new Map<string, Node>();
  const names = new Set<string>();
  for (const node of specification.nodes) {
    if (names.has(node.name))
      throw invalid(specification, `two nodes are named ${quote(node.name)}`);
    names.add(node.name);
    for (const output of node.outputs) {
      if (output === '') continue;
      const tensor = tensors.get(output);
      if (tensor === undefined)
        throw invalid(
          specification,
          `output ${quote(output)} of node ${quote(node.name)} is not a tensor of the graph`,
        );
      const other = producers.get(output);
      if (other !== undefined)
        throw invalid(
          specification,
          `tensor ${quote(output)} is computed twice, by ${quote(other.name)} and by ${quote(node.name)}`,
        );
      if (tensor.kind !== 'activation')
        throw invalid(
          specification,
          `${tensor.kind} tensor ${quote(output)} is also computed by node ${quote(node.name)}`,
        );
      producers.set(output, node);
    }
  }
  return producers;
}

function indexConsumers(nodes: readonly Node[]): Map<string, Node[]> {
  const consumers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (input === '') continue;
      const readers = consumers.get(input);
      if (readers === undefined) consumers.set(input, [node]);
      else if (readers[readers.length - 1] !== node) readers.push(node);
    }
  }
  return consumers;
}

/** Depth-first with an explicit stack, so that deep graphs do not exhaust the call stack; keeps source order. */
function sortTopologically(
  specification: GraphSpecification,
  tensors: ReadonlyMap<string, Tensor>,
  producers: ReadonlyMap<string, Node>,
): Node[] {
  const sorted: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  for (const start of specification.nodes) {
    if (state.has(start)) continue;
    const stack: { node: Node; next: number }[] = [{ node: start, next: 0 }];
    state.set(start, 'open');
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      const input = frame.node.inputs[frame.next++];
      if (input === undefined) {
        state.set(frame.node, 'done');
        sorted.push(frame.node);
        stack.pop();
        continue;
      }
      if (input === '') continue;
      const producer = producers.get(input);
      if (producer === undefined) {
        const tensor = tensors.get(input);
        if (tensor === undefined)
          throw invalid(
            specification,
            `node ${quote(frame.node.name)} reads ${quote(input)}, which nothing computes`,
          );
        if (tensor.kind === 'activation')
          throw invalid(
            specification,
            `node ${quote(frame.node.name)} reads ${quote(input)}, which nothing computes and which is no input or constant`,
          );
        continue;
      }
      const seen = state.get(producer);
      if (seen === 'open') {
        const from = stack.findIndex((open) => open.node === producer);
        const cycle = stack.slice(from).map((open) => quote(open.node.name));
        const shown = cycle.length > 6 ? [...cycle.slice(0, 5), '...'] : cycle;
        throw invalid(
          specification,
          `nodes read each other's results in a cycle: ${[...shown].reverse().join(' -> ')}`,
        );
      }
      if (seen === undefined) {
        state.set(producer, 'open');
        stack.push({ node: producer, next: 0 });
      }
    }
  }
  return sorted;
}
