import { createGraph, elementCount, type Graph, type Node, type Tensor } from '@nnmeter/ir';
import { NONE } from './graph-view.ts';

/** The value of its constant operand, by op, with which a node hands the other operand on as it is. */
const NEUTRAL_VALUE = { mul: 1, div: 1, pow: 1, add: 0, sub: 0 } as const;

/** A graph without its idle nodes. */
export interface BusyGraph {
  readonly graph: Graph;
  /** By node of `graph`: its position in the original. */
  readonly positions: Int32Array;
  /** By node of `graph`: the idle nodes behind it, as positions in the original; undefined if there are none. */
  readonly idle: ReadonlyMap<number, readonly number[]>;
}

/**
 * The graph without nodes that only hand on what another node computes: a product with 1, a sum with 0, an identity. Exporters
 * leave them behind; converters drop them. Linear in nodes and edges; the graph itself if there are none.
 */
export function withoutIdle(original: Graph): BusyGraph | undefined {
  /** By name of what an idle node writes: the tensor that it hands on. */
  const handedOn = new Map<string, string>();
  /** By position of an idle node: that of the node whose result it hands on. */
  const sources = new Map<number, number>();
  const { inputs, inputStart, producers } = original.edges;
  for (const [position, node] of original.nodes.entries()) {
    const slot = idleSlot(original, node);
    if (slot === NONE) continue;
    const tensor = inputs[inputStart[position]! + slot]!;
    const producer = tensor === NONE ? NONE : producers[tensor]!;
    if (producer === NONE) continue;
    const input = node.inputs[slot]!;
    handedOn.set(node.outputs[0]!, handedOn.get(input) ?? input);
    sources.set(position, sources.get(producer) ?? producer);
  }
  if (sources.size === 0) return undefined;
  const origin = (name: string): string => handedOn.get(name) ?? name;
  const nodes: Node[] = [];
  const positions: number[] = [];
  const places = new Map<number, number>();
  for (const [position, node] of original.nodes.entries()) {
    if (sources.has(position)) continue;
    places.set(position, nodes.length);
    positions.push(position);
    nodes.push(
      node.inputs.some((name) => handedOn.has(name))
        ? { ...node, inputs: node.inputs.map(origin) }
        : node,
    );
  }
  const idle = new Map<number, number[]>();
  for (const [position, source] of sources) {
    const place = places.get(source)!;
    const list = idle.get(place);
    if (list === undefined) idle.set(place, [position]);
    else list.push(position);
  }
  const graph = createGraph({
    ...original,
    nodes,
    tensors: [...original.tensors.values()].filter(({ name }) => !handedOn.has(name)),
    outputs: [...new Set(original.outputs.map(origin))],
  });
  return { graph, positions: Int32Array.from(positions), idle };
}

/** The input that a node hands on unchanged; NONE if it works. */
function idleSlot(graph: Graph, { op, inputs, outputs }: Node): number {
  if (op === 'identity') return 0;
  if (!(op in NEUTRAL_VALUE) || inputs.length !== 2 || outputs.length !== 1) return NONE;
  const neutral = NEUTRAL_VALUE[op as keyof typeof NEUTRAL_VALUE];
  const isCommutative = op === 'mul' || op === 'add';
  for (const slot of isCommutative ? [1, 0] : [1]) {
    const constant = graph.tensors.get(inputs[slot]!);
    const data = graph.tensors.get(inputs[1 - slot]!);
    const result = graph.tensors.get(outputs[0]!);
    if (isAll(constant, neutral) && sameShape(data, result)) return 1 - slot;
  }
  return NONE;
}

function isAll(constant: Tensor | undefined, value: number): boolean {
  if (constant?.kind !== 'constant') return false;
  const { values, shape } = constant;
  return (
    values !== undefined &&
    shape !== undefined &&
    values.length === elementCount(shape) &&
    values.length > 0 &&
    values.every((element) => element === value)
  );
}

function sameShape(a: Tensor | undefined, b: Tensor | undefined): boolean {
  if (a?.shape === undefined || b?.shape === undefined || a.shape.length !== b.shape.length)
    return false;
  return a.shape.every((extent, axis) => extent === b.shape![axis]);
}
