import type { AssumedSizes } from './assumptions.ts';
import { NnMeterError, quote } from './errors.ts';
import type { Node } from './node.ts';
import type { Tensor } from './tensor.ts';

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
  /** The dimensions of its inputs that the source names and leaves open, and their extents here. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /** The sizes in it that only data decide, and what they are taken to be. */
  readonly assumed?: AssumedSizes;
  /** Under which names the source has models, of which this is one. */
  readonly signatures?: readonly string[];
  /** The name of this one among them. */
  readonly signature?: string | undefined;
}

/**
 * The edges of a graph as numbers, for algorithms that visit all of them: nodes are positions in `graph.nodes`, tensors
 * positions in `tensors`; -1 is none. What belongs to item i are the entries from `start[i]` to `start[i + 1]`.
 */
export interface GraphEdges {
  readonly tensors: readonly Tensor[];
  /** By tensor: the node that computes it. */
  readonly producers: Int32Array;
  /** By node: the tensors it reads, -1 for an omitted one. */
  readonly inputs: Int32Array;
  readonly inputStart: Int32Array;
  /** By node: the tensors it computes, -1 for an unused one. */
  readonly outputs: Int32Array;
  readonly outputStart: Int32Array;
  /** By tensor: the nodes that read it, each once, in topological order. */
  readonly consumers: Int32Array;
  readonly consumerStart: Int32Array;
  /** The tensors that are outputs of the graph. */
  readonly results: Int32Array;
}

/**
 * An immutable network. Nodes are in topological order; equal order in the source is kept.
 * Build one with `createGraph`; all queries are O(1) after the first.
 */
export class Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly dimensions: Readonly<Record<string, number>>;
  readonly assumed: AssumedSizes;
  readonly signatures: readonly string[];
  readonly signature: string | undefined;
  readonly #edges: GraphEdges;
  readonly #tensorIds: ReadonlyMap<string, number>;
  readonly #derived = new Map<(graph: Graph) => unknown, unknown>();
  #tensors: ReadonlyMap<string, Tensor> | undefined;
  #nodesByName: ReadonlyMap<string, Node> | undefined;

  /** @internal use `createGraph` */
  constructor(
    specification: GraphSpecification,
    index: { tensorIds: ReadonlyMap<string, number>; edges: GraphEdges },
    nodes: readonly Node[],
  ) {
    this.name = specification.name;
    this.nodes = nodes;
    this.inputs = specification.inputs;
    this.outputs = specification.outputs;
    this.metadata = specification.metadata ?? {};
    this.warnings = specification.warnings ?? [];
    this.dimensions = specification.dimensions ?? {};
    this.assumed = specification.assumed ?? {};
    this.signatures = specification.signatures ?? [];
    this.signature = specification.signature;
    this.#edges = index.edges;
    this.#tensorIds = index.tensorIds;
  }

  get edges(): GraphEdges {
    return this.#edges;
  }

  /** By name; {@link findTensor} needs no map of all. */
  get tensors(): ReadonlyMap<string, Tensor> {
    this.#tensors ??= new Map(this.#edges.tensors.map((tensor) => [tensor.name, tensor]));
    return this.#tensors;
  }

  /**
   * What `derive` makes of this graph, which is done once: graphs do not change. It lives as long as the graph, and does
   * not keep it alive, as a map of graphs would until the next full garbage collection.
   */
  derived<T>(derive: (graph: Graph) => T): T {
    if (!this.#derived.has(derive)) this.#derived.set(derive, derive(this));
    return this.#derived.get(derive) as T;
  }

  /** The node that computes a tensor; undefined for inputs and constants. */
  producer(tensorName: string): Node | undefined {
    const tensor = this.#tensorIds.get(tensorName);
    return tensor === undefined ? undefined : this.nodes[this.#edges.producers[tensor]!];
  }

  /** The nodes that read a tensor, in topological order; a node reading it twice is listed once. */
  consumers(tensorName: string): readonly Node[] {
    const { consumers, consumerStart } = this.#edges;
    const tensor = this.#tensorIds.get(tensorName);
    const found: Node[] = [];
    if (tensor === undefined) return found;
    for (let at = consumerStart[tensor]!; at < consumerStart[tensor + 1]!; at++)
      found.push(this.nodes[consumers[at]!]!);
    return found;
  }

  /** Distinct nodes whose outputs this node reads, in input order. */
  predecessors(node: Node): readonly Node[] {
    const found = new Set<Node>();
    for (const input of node.inputs) {
      const producer = this.producer(input);
      if (producer !== undefined) found.add(producer);
    }
    return [...found];
  }

  /** Distinct nodes that read any output of this node, in topological order per output. */
  successors(node: Node): readonly Node[] {
    if (node.outputs.length === 1) return this.consumers(node.outputs[0]!);
    const found = new Set<Node>();
    for (const output of node.outputs)
      for (const consumer of this.consumers(output)) found.add(consumer);
    return [...found];
  }

  /** The tensor of that name, if any. */
  findTensor(name: string): Tensor | undefined {
    const id = this.#tensorIds.get(name);
    return id === undefined ? undefined : this.#edges.tensors[id];
  }

  /** @throws NnMeterError E_INVALID_INPUT if there is no such tensor. */
  tensor(name: string): Tensor {
    const tensor = this.findTensor(name);
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
