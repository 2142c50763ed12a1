import { createGraph, type Graph, type Node, type Tensor } from '@nnmeter/ir';

/** A node of the original that the device does not run, since another does its work. */
export interface Absorbed {
  /** In the original. */
  readonly position: number;
  readonly reason: string;
}

/** A network as converters leave it to devices: the same whatever framework and exporter it comes from. */
export interface NormalForm {
  readonly graph: Graph;
  /** By node of `graph`: its position in the original. */
  readonly positions: Int32Array;
  /** By node of `graph`: what of the original it does the work of too; undefined if nothing. */
  readonly absorbed: ReadonlyMap<number, readonly Absorbed[]>;
}

/** A change of a graph: nodes that go, and what stands in for nodes that stay. */
export interface Rewrite {
  /** By position of a node that goes: that of the one that stays and does its work. */
  readonly absorbers: ReadonlyMap<number, number>;
  readonly reason: string;
  /** By position of a node that stays: what it becomes. */
  readonly replaced: ReadonlyMap<number, Node>;
  /** Names of tensors that nobody computes any more; those that read them read these. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Tensors that the original does not have, between nodes that change places. */
  readonly added?: readonly Tensor[];
}

export function applyRewrite(original: Graph, rewrite: Rewrite): NormalForm {
  const { absorbers, reason, replaced, renamed, added = [] } = rewrite;
  const origin = (name: string): string => renamed.get(name) ?? name;
  const nodes: Node[] = [];
  const positions: number[] = [];
  const places = new Map<number, number>();
  const unread = new Set<string>(renamed.keys());
  for (const [position, before] of original.nodes.entries()) {
    if (absorbers.has(position)) {
      for (const name of before.outputs) unread.add(name);
      continue;
    }
    const node = replaced.get(position) ?? before;
    if (node !== before) for (const name of before.outputs) unread.add(name);
    places.set(position, nodes.length);
    positions.push(position);
    nodes.push(
      node.inputs.some((name) => renamed.has(name))
        ? { ...node, inputs: node.inputs.map(origin) }
        : node,
    );
  }
  for (const node of replaced.values()) for (const name of node.outputs) unread.delete(name);
  const graph = createGraph({
    ...original,
    nodes,
    tensors: [...[...original.tensors.values()].filter(({ name }) => !unread.has(name)), ...added],
    outputs: [...new Set(original.outputs.map(origin))],
  });
  const order = new Map(graph.nodes.map((node, place) => [node.name, place]));
  const absorbed = new Map<number, Absorbed[]>();
  for (const [position, absorber] of absorbers) {
    const place = order.get(nodes[places.get(absorber)!]!.name)!;
    const list = absorbed.get(place);
    if (list === undefined) absorbed.set(place, [{ position, reason }]);
    else list.push({ position, reason });
  }
  const ordered = new Int32Array(nodes.length);
  for (const [index, node] of nodes.entries()) ordered[order.get(node.name)!] = positions[index]!;
  return { graph, positions: ordered, absorbed };
}

/** Two changes, one after the other, as one of the original. */
export function compose(first: NormalForm | undefined, second: NormalForm): NormalForm {
  if (first === undefined) return second;
  const absorbed = new Map<number, Absorbed[]>();
  for (const [place, between] of second.positions.entries()) {
    const list = [
      ...(first.absorbed.get(between) ?? []),
      ...(second.absorbed.get(place) ?? []).flatMap(({ position, reason }) => [
        { position: first.positions[position]!, reason },
        ...(first.absorbed.get(position) ?? []),
      ]),
    ];
    if (list.length > 0) absorbed.set(place, list);
  }
  return {
    graph: second.graph,
    positions: second.positions.map((between) => first.positions[between]!),
    absorbed,
  };
}
