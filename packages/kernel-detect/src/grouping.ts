import { type Graph, opRow, ops } from '@nnmeter/ir';
import { type Block, isMatch } from './blocks/block.ts';
import { BLOCKS, type BlocksByAnchor, EAGER_BLOCKS } from './blocks/index.ts';
import { GraphView, NONE } from './graph-view.ts';
import { normalize } from './normal-form/index.ts';
import type { NormalForm } from './normal-form/normal-form.ts';
import type { CompiledRules, KernelState } from './rules.ts';

/** A block found in a graph. */
export interface BlockMatch {
  readonly block: Block;
  /** In topological order. */
  readonly nodes: readonly number[];
}

/** Lists of this many nodes are copied to add to them, since arrays that grow reserve room for 16 more. */
const FEW = 16;

/** A kernel in the making. */
export interface Group {
  state: KernelState;
  /** Its own list, not that of a block. */
  nodes: number[];
  /** The node whose result leaves the kernel; NONE if several do, then nothing joins. */
  exit: number;
  /** Place in execution order: the node with which it is complete. */
  position: number;
}

/** What detection knows of a graph before any rules: it is the same for all that get networks from converters. */
export interface Analysis {
  /** Of the graph in normal form. */
  readonly view: GraphView;
  /** Undefined if the graph has it already, so that the view is of the graph itself. */
  readonly normal: NormalForm | undefined;
  /** Those that were looked for. */
  readonly blocks: BlocksByAnchor;
  /** For every node the block it belongs to, if any. */
  readonly blockOf: readonly (BlockMatch | undefined)[];
}

/** Edges and blocks of a graph; kept as long as the graph is, since graphs do not change. */
export function analyse(graph: Graph, { rules }: CompiledRules): Analysis {
  return graph.derived(rules.eager === true ? analyseEager : analyseConverted);
}

const analyseConverted = (graph: Graph): Analysis => analyseAnew(graph, false);
const analyseEager = (graph: Graph): Analysis => analyseAnew(graph, true);

function analyseAnew(graph: Graph, isEager: boolean): Analysis {
  const normal = normalize(graph, isEager);
  const view = new GraphView(normal?.graph ?? graph);
  const blocks = isEager ? EAGER_BLOCKS : BLOCKS;
  return { view, normal, blocks, blockOf: findBlocks(view, blocks) };
}

function findBlocks(view: GraphView, blocks: BlocksByAnchor): (BlockMatch | undefined)[] {
  const count = view.nodes.length;
  const blockOf: (BlockMatch | undefined)[] = new Array(count);
  for (let i = 0; i < count; i++) {
    const candidates = blocks.get(view.op(i));
    if (candidates === undefined || blockOf[i] !== undefined) continue;
    for (const block of candidates) {
      const nodes = block.match(view, i);
      if (!isMatch(nodes) || firstNodeReadOutside(view, block, nodes) !== NONE) continue;
      if (nodes.some((node) => blockOf[node] !== undefined)) continue;
      const match = { block, nodes };
      for (const node of nodes) blockOf[node] = match;
      break;
    }
  }
  return blockOf;
}

/** The first inner node of a block that something outside reads too; NONE if there is none. */
export function firstNodeReadOutside(
  view: GraphView,
  block: Block,
  nodes: readonly number[],
): number {
  if (block.severalExits === true) return NONE;
  const exit = nodes[nodes.length - 1]!;
  for (const node of nodes) {
    if (node !== exit && !isReadOnlyBy(view, node, nodes)) return node;
  }
  return NONE;
}

function isReadOnlyBy(view: GraphView, node: number, readers: readonly number[]): boolean {
  const count = view.consumerCount[node]!;
  if (view.isResult[node] === 1 || count > readers.length) return false;
  for (let k = 0; k < count; k++) {
    if (!readers.includes(view.consumer(node, k))) return false;
  }
  return true;
}

/**
 * Puts every node into one group, in one pass in topological order. A stage (a node, or a block when its last node is
 * reached) joins the kernel that ends in one of its producers if nothing else reads that producer and the rules agree;
 * of several such kernels the one completed last takes it. So every kernel has one exit, and completion order is an
 * order of execution.
 */
export class Grouping {
  readonly view: GraphView;
  readonly rules: CompiledRules;
  readonly groups: Group[] = [];
  /** Index into `groups` of every node. */
  readonly groupOf: Int32Array;
  readonly blockOf: readonly (BlockMatch | undefined)[];

  constructor({ view, blockOf }: Analysis, rules: CompiledRules) {
    this.view = view;
    this.blockOf = blockOf;
    this.rules = rules;
    this.groupOf = new Int32Array(view.nodes.length).fill(NONE);
    for (let i = 0; i < view.nodes.length; i++) {
      const match = blockOf[i];
      if (match === undefined) {
        this.#place(view.op(i), [i], i);
      } else if (match.block.severalExits === true) {
        if (i === match.nodes[0]) this.#start(match.block.name, [...match.nodes], NONE, i);
      } else if (i === match.nodes[match.nodes.length - 1]) {
        this.#place(match.block.name, [...match.nodes], i);
      }
    }
  }

  /** Name of the stage a node is part of. */
  stageOf(node: number): string {
    return this.blockOf[node]?.block.name ?? this.view.op(node);
  }

  isBias(node: number): boolean {
    return isBias(this.view, node);
  }

  /** Why the stage of a node may not join the kernel its producer is in; undefined if it may. */
  refusal(producer: number, node: number): string | undefined {
    const { view } = this;
    const name = `"${view.nodes[producer]!.name}"`;
    const block = this.blockOf[node];
    const stage = block?.nodes ?? [node];
    if (view.isResult[producer] === 1) return `${name} is a result of the graph`;
    if (!isReadOnlyBy(view, producer, stage)) {
      return `${name} has ${view.consumerCount[producer]} consumers`;
    }
    const group = this.groups[this.groupOf[producer]!]!;
    if (block?.block.severalExits === true || group.exit === NONE) {
      return 'a split is a kernel of its own';
    }
    if (isLinear(group.state) && this.isBias(node)) return undefined;
    return this.rules.refusal(group.state, this.stageOf(node));
  }

  #place(stage: string, nodes: number[], exit: number): void {
    for (const producer of this.#producers(nodes)) {
      const own = this.groupOf[producer]!;
      const group = this.groups[own]!;
      if (group.exit !== producer || !isReadOnlyBy(this.view, producer, nodes)) continue;
      const state =
        stage === 'add' && isLinear(group.state) && isBias(this.view, exit)
          ? group.state
          : this.rules.join(group.state, stage);
      if (state === null) continue;
      group.state = state;
      group.exit = exit;
      group.position = exit;
      if (group.nodes.length < FEW) group.nodes = group.nodes.concat(nodes);
      else group.nodes.push(...nodes);
      for (const node of nodes) this.groupOf[node] = own;
      return;
    }
    this.#start(stage, nodes, exit, exit);
  }

  #start(stage: string, nodes: number[], exit: number, position: number): void {
    for (const node of nodes) this.groupOf[node] = this.groups.length;
    this.groups.push({ state: this.rules.start(stage), nodes, exit, position });
  }

  /** Distinct producers outside the stage, latest first. */
  #producers(nodes: readonly number[]): number[] {
    const { slotProducers, slotStart } = this.view;
    const found: number[] = [];
    for (const node of nodes) {
      for (let slot = slotStart[node]!; slot < slotStart[node + 1]!; slot++) {
        const producer = slotProducers[slot]!;
        if (producer !== NONE && !nodes.includes(producer)) found.push(producer);
      }
    }
    return found.length > 1 ? found.sort((a, b) => b - a) : found;
  }
}

const LINEAR: ReadonlySet<string> = new Set(ops.filter((op) => opRow(op).weighted));

/** Whether the kernel is still a linear layer, so that a bias added to it folds into the layer's own. */
function isLinear(state: KernelState): boolean {
  return state.last === state.root && LINEAR.has(state.root);
}

/** An add of a constant that varies along one axis at most. */
function isBias(view: GraphView, node: number): boolean {
  return view.op(node) === 'add' && view.hasChannelConstant(node);
}
