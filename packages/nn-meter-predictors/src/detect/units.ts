import type { Graph, Node } from '@nnmeter/ir';
import { GraphView, NONE } from '@nnmeter/kernel-detect';
import type { ChainBlock } from './blocks.ts';
import { nnMeterOpName } from './op-names.ts';

/** A node, or a block that nn-Meter replaces by one node. */
export interface Unit {
  /** Short name of the op or block. */
  readonly type: string;
  readonly nodes: readonly Node[];
  /** Distinct producers and consumers, as positions in the list of units. */
  readonly inputs: number[];
  readonly consumers: number[];
}

/** The graph after nn-Meter's first step: blocks found greedily in the order given, each replaced by one unit. */
export function toUnits(graph: Graph, blocks: readonly ChainBlock[]): Unit[] {
  const view = new GraphView(graph);
  const count = view.nodes.length;
  const types = view.nodes.map((node) => nnMeterOpName(node, graph.metadata.format));
  const claimOf = new Int32Array(count).fill(NONE);
  const claims: { type: string; nodes: readonly number[] }[] = [];
  const claim = (type: string, nodes: readonly number[]): void => {
    for (const node of nodes) claimOf[node] = claims.length;
    claims.push({ type, nodes });
  };
  // The original keeps one slice of a tensor, and with the others loses the edges to what reads them.
  const lost = new Set<number>();
  for (const nodes of siblingSlices(view)) {
    claim('split', nodes);
    for (const sibling of nodes.slice(1)) lost.add(sibling);
  }
  for (const block of blocks) {
    const search = new ChainSearch(view, types, claimOf, block.ops);
    for (let i = 0; i < count; i++) {
      const chain = search.from(i);
      if (chain !== undefined) claim(block.name, chain);
    }
  }

  // Blocks come after the single nodes, as the original appends them: this decides ties in the order of execution.
  const units: Unit[] = [];
  const unitOf = new Int32Array(count);
  const addUnit = (type: string, members: readonly number[]): void => {
    for (const member of members) unitOf[member] = units.length;
    const nodes = members.map((member) => view.nodes[member]!);
    units.push({ type, nodes, inputs: [], consumers: [] });
  };
  for (let i = 0; i < count; i++) if (claimOf[i] === NONE) addUnit(types[i]!, [i]);
  for (const { type, nodes } of claims) addUnit(type, nodes);

  const edges = new Set<number>();
  for (let i = 0; i < count; i++) {
    for (let slot = view.slotStart[i]!; slot < view.slotStart[i + 1]!; slot++) {
      const producer = view.slotProducers[slot]!;
      if (producer === NONE || lost.has(producer)) continue;
      const [own, other] = [unitOf[i]!, unitOf[producer]!];
      const edge = own * units.length + other;
      if (other === own || edges.has(edge)) continue;
      edges.add(edge);
      units[own]!.inputs.push(other);
      units[other]!.consumers.push(own);
    }
  }
  for (const unit of units) unit.consumers.sort((one, other) => one - other);
  return units;
}

function siblingSlices(view: GraphView): number[][] {
  const byTensor = new Map<string, number[]>();
  for (let i = 0; i < view.nodes.length; i++) {
    const { sourceOp, inputs } = view.nodes[i]!;
    if (sourceOp !== 'Slice') continue;
    const siblings = byTensor.get(inputs[0]!);
    if (siblings === undefined) byTensor.set(inputs[0]!, [i]);
    else siblings.push(i);
  }
  return [...byTensor.values()];
}

/** Finds chains of given op types among unclaimed nodes; remembers dead ends, so a search of all starts is linear. */
class ChainSearch {
  readonly #view: GraphView;
  readonly #types: readonly string[];
  readonly #claimOf: Int32Array;
  readonly #ops: readonly string[];
  readonly #deadEnds = new Set<number>();

  constructor(
    view: GraphView,
    types: readonly string[],
    claimOf: Int32Array,
    ops: readonly string[],
  ) {
    this.#view = view;
    this.#types = types;
    this.#claimOf = claimOf;
    this.#ops = ops;
  }

  /** A chain that starts at the node and has no edges beside its own (an induced subgraph). */
  from(start: number): number[] | undefined {
    const chain: number[] = [];
    return this.#extend(start, 0, chain) && this.#isInduced(chain) ? chain : undefined;
  }

  #extend(node: number, stage: number, chain: number[]): boolean {
    if (this.#claimOf[node] !== NONE || this.#types[node] !== this.#ops[stage]) return false;
    const state = node * this.#ops.length + stage;
    if (this.#deadEnds.has(state)) return false;
    chain.push(node);
    if (chain.length === this.#ops.length) return true;
    for (let k = 0; k < this.#view.consumerCount[node]!; k++) {
      if (this.#extend(this.#view.consumer(node, k), stage + 1, chain)) return true;
    }
    chain.pop();
    this.#deadEnds.add(state);
    return false;
  }

  #isInduced(chain: readonly number[]): boolean {
    const { slotStart, slotProducers } = this.#view;
    return chain.every((node, at) => {
      for (let slot = slotStart[node]!; slot < slotStart[node + 1]!; slot++) {
        const producer = chain.indexOf(slotProducers[slot]!);
        if (producer >= 0 && producer !== at - 1) return false;
      }
      return true;
    });
  }
}
