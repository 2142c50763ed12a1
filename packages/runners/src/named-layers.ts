import type { Graph } from '@nnmeter/ir';
import type { LayerTime } from './runner.ts';

/** A layer as a runtime reports it. */
export interface NamedLayer {
  readonly name: string;
  readonly op?: string;
  readonly ms: number;
  /** Texts that hold names of nodes or tensors of the model. */
  readonly covers: readonly string[];
  /** Whether the runtime put it in, so that it runs no node of the model: a change of layout. */
  readonly isAdded?: boolean;
}

/** What names are joined by: `a, b`, `a + b`, `PWN(a, b)`, `[a]:3`. */
const JOINTS = /[\s,;()[\]+]+/;

/**
 * Finds the nodes that layers run. A layer that names only nodes of another (a change of layout for it) is counted to
 * that. Where all layers tell what they run, nodes that none names belong to the layer that reads what they compute, as
 * a convolution does to the activation that it was fused with.
 */
export function groupLayers(graph: Graph, layers: readonly NamedLayer[]): readonly LayerTime[] {
  const owners = new Map<string, Group>();
  const groups: Group[] = [];
  let isTold = true;
  for (const layer of layers) {
    const nodes = nodesIn(graph, layer.covers);
    if (nodes.length === 0 && layer.isAdded !== true) isTold = false;
    const fresh = nodes.filter((node) => !owners.has(node));
    const group =
      fresh.length === 0 && nodes.length > 0
        ? owners.get(nodes[0]!)!
        : { names: [], ops: [], ms: 0, nodes: [] };
    if (group.names.length === 0) groups.push(group);
    group.names.push(layer.name);
    if (layer.op !== undefined) group.ops.push(layer.op);
    group.ms += layer.ms;
    group.nodes.push(...fresh);
    for (const node of fresh) owners.set(node, group);
  }
  for (const node of isTold ? graph.nodes.toReversed() : []) {
    const owner = graph.successors(node).map(({ name }) => owners.get(name))[0];
    if (owners.has(node.name) || owner === undefined) continue;
    owners.set(node.name, owner);
    owner.nodes.push(node.name);
  }
  const positions = new Map(graph.nodes.map(({ name }, position) => [name, position]));
  return groups.map(({ names, ops, ms, nodes }) => ({
    name: names.join(' '),
    ...(ops.length > 0 && { op: [...new Set(ops)].join('+') }),
    ms,
    ...(nodes.length > 0 && {
      nodes: nodes.sort((a, b) => positions.get(a)! - positions.get(b)!),
    }),
  }));
}

interface Group {
  readonly names: string[];
  readonly ops: string[];
  ms: number;
  readonly nodes: string[];
}

function nodesIn(graph: Graph, texts: readonly string[]): readonly string[] {
  const found = texts.flatMap((text) => {
    const whole = graph.node(text) ?? graph.producer(text);
    return whole === undefined
      ? text.split(JOINTS).map((part) => findNode(graph, part))
      : [whole.name];
  });
  return [...new Set(found.filter((node) => node !== undefined))];
}

/** The node of a name, or that computes the tensor of it; runtimes put endings like `/WithoutBiases` behind names. */
function findNode(graph: Graph, name: string): string | undefined {
  for (let end = name.length; end > 0; end = name.lastIndexOf('/', end - 1)) {
    const part = name.slice(0, end);
    const node = graph.node(part) ?? graph.producer(part);
    if (node !== undefined) return node.name;
  }
  return undefined;
}
