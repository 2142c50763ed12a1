import { NnMeterError, quote } from '@nnmeter/ir';
import type { NniGraph, NniModel, NniNode } from './decode.ts';

/** Where a value comes from: result `slot` of a flat node, or input `slot` of the model. */
export interface Reference {
  readonly node: FlatNode | 'input';
  readonly slot: number;
}

/** A node after cells are replaced by their contents. */
export interface FlatNode {
  readonly name: string;
  readonly source: NniNode;
  /** By slot, ascending. NNI's own flattening cuts the edges between cells: a slot may be missing. */
  readonly inputs: ReadonlyMap<number, Reference>;
}

export interface FlatModel {
  readonly nodes: readonly FlatNode[];
  readonly outputs: readonly Reference[];
}

/** Cells may use cells: a few lines of JSON could stand for any number of nodes. */
const MAX_NODES = 1_000_000;
const MAX_CELLS = 100_000;
const MAX_DEPTH = 100;

/** An unresolved reference: a node's result in one use of a graph. */
interface Pointer {
  readonly scope: Scope;
  readonly node: string;
  readonly slot: number;
}

/** One use of a graph: the model itself, or a cell. */
interface Scope {
  readonly graph: string;
  /** What feeds the inputs of the graph, by slot; none for the model itself. */
  readonly feeds?: ReadonlyMap<number, Pointer>;
  readonly ops: Map<string, FlatNode>;
  readonly cells: Map<string, Scope>;
  /** What the results of the graph are, by slot. */
  readonly results: Map<number, Pointer>;
}

/**
 * Replaces cells by the graphs they stand for, as NNI does before it runs a model.
 * @throws NnMeterError E_INVALID_GRAPH for a cell that does not exist or contains itself, or for cells connected in a
 * circle; E_LIMIT if the cells expand to too many nodes.
 */
export function flatten(model: NniModel): FlatModel {
  const uses = new Map<string, number>();
  let scopes = 0;
  const pending: {
    inputs: Map<number, Reference>;
    pointers: ReadonlyMap<number, Pointer>;
  }[] = [];
  const nodes: FlatNode[] = [];

  function open(
    graph: string,
    ancestors: readonly string[],
    feeds?: ReadonlyMap<number, Pointer>,
  ): Scope {
    const scope: Scope = {
      graph,
      ...(feeds && { feeds }),
      ops: new Map(),
      cells: new Map(),
      results: new Map(),
    };
    const path = [...ancestors, graph];
    scopes++;
    if (path.length > MAX_DEPTH || scopes > MAX_CELLS || nodes.length > MAX_NODES) {
      throw new NnMeterError(
        'E_LIMIT',
        `NNI graph: its cells are nested over ${MAX_DEPTH} deep, or expand to over ${MAX_CELLS} cells or ${MAX_NODES} nodes`,
      );
    }
    const source = model.graphs.get(graph)!;
    const incoming = incomingEdges(scope, source);
    for (const [name, node] of source.nodes) {
      if (node.type === '_cell') {
        const cell = node.cell ?? name;
        if (!model.graphs.has(cell)) {
          throw invalid(
            `cell ${quote(name)} stands for graph ${quote(cell)}, which does not exist`,
          );
        }
        if (path.includes(cell)) throw invalid(`graph ${quote(cell)} contains itself as a cell`);
        scope.cells.set(name, open(cell, path, incoming.get(name) ?? new Map()));
        continue;
      }
      const inputs = new Map<number, Reference>();
      const flat: FlatNode = { name: uniqueName(uses, name), source: node, inputs };
      scope.ops.set(name, flat);
      nodes.push(flat);
      pending.push({ inputs, pointers: incoming.get(name) ?? new Map() });
    }
    for (const [slot, pointer] of incoming.get('_outputs') ?? []) scope.results.set(slot, pointer);
    return scope;
  }

  const root = open(model.root, []);
  for (const { inputs, pointers } of pending)
    for (const [slot, pointer] of pointers) inputs.set(slot, resolve(pointer));
  return { nodes, outputs: [...root.results.values()].map(resolve) };
}

/** What feeds the nodes of a graph, by slot, ascending. An edge without a slot takes the next one. */
function incomingEdges(scope: Scope, { edges }: NniGraph): Map<string, Map<number, Pointer>> {
  const incoming = new Map<string, Map<number, Pointer>>();
  for (const { head, tail } of edges) {
    const [node, stated] = tail;
    const slots = incoming.get(node) ?? new Map<number, Pointer>();
    incoming.set(node, slots);
    const slot = stated ?? slots.size;
    if (slots.has(slot)) throw invalid(`two edges lead to slot ${slot} of node ${quote(node)}`);
    slots.set(slot, { scope, node: head[0], slot: head[1] ?? 0 });
  }
  for (const [node, slots] of incoming)
    incoming.set(node, new Map([...slots].sort(([one], [other]) => one - other)));
  return incoming;
}

/** Follows a pointer in and out of cells to what computes the value. */
function resolve(start: Pointer): Reference {
  let { scope, node, slot } = start;
  const seen = new Map<Scope, Set<string>>();
  for (;;) {
    const op = scope.ops.get(node);
    if (op !== undefined) return { node: op, slot };
    const visited = seen.get(scope) ?? new Set();
    seen.set(scope, visited);
    const key = `${slot} ${node}`;
    if (visited.has(key)) throw invalid(`the result of cell ${quote(node)} feeds itself`);
    visited.add(key);
    if (node === '_inputs' && scope.feeds === undefined) return { node: 'input', slot };
    const inner = scope.cells.get(node);
    const next: Pointer | undefined =
      inner === undefined ? scope.feeds?.get(slot) : inner.results.get(slot);
    if (next === undefined) {
      throw invalid(
        inner === undefined
          ? `input ${slot} of cell graph ${quote(scope.graph)} is read, but nothing feeds it`
          : `result ${slot} of cell ${quote(node)} is read, but its graph has none`,
      );
    }
    ({ scope, node, slot } = next);
  }
}

/** NNI names nodes by their path, so that only the nodes of a cell used twice need a number. */
function uniqueName(uses: Map<string, number>, name: string): string {
  const use = (uses.get(name) ?? 0) + 1;
  uses.set(name, use);
  return use === 1 ? name : `${name}#${use}`;
}

function invalid(what: string): NnMeterError {
  return new NnMeterError('E_INVALID_GRAPH', `NNI graph: ${what}`);
}
