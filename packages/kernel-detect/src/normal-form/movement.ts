import { elementCount, type Graph, type Node, type NodeOf, type Shape } from '@nnmeter/ir';
import { NONE } from '../graph-view.ts';
import { producerOf, soleReader } from './edges.ts';
import type { Rewrite } from './normal-form.ts';

/**
 * What makes of a transposition between two reshapes that only take away and bring back axes of extent 1 one of the whole tensor.
 * Exporters write them around products of matrices in batches. Undefined if there are none.
 */
export function transposeWhole(graph: Graph): Rewrite | undefined {
  const { nodes } = graph;
  const absorbers = new Map<number, number>();
  const replaced = new Map<number, Node>();
  for (const [position, transposition] of nodes.entries()) {
    if (transposition.op !== 'transpose') continue;
    const before = producerOf(graph, position, 0);
    const after = soleReader(graph, position);
    if (before === NONE || nodes[before]!.op !== 'reshape' || absorbers.has(before)) continue;
    if (after === NONE || nodes[after]!.op !== 'reshape') continue;
    if (soleReader(graph, before) !== position) continue;
    const input = nodes[before]!.inputs[0]!;
    const perm = wholePermutation(
      shapeOf(graph, input),
      shapeOf(graph, nodes[before]!.outputs[0]!),
      shapeOf(graph, nodes[after]!.outputs[0]!),
      transposition,
    );
    if (perm === undefined) continue;
    absorbers.set(before, position);
    absorbers.set(after, position);
    replaced.set(position, {
      ...transposition,
      inputs: [input],
      outputs: nodes[after]!.outputs,
      attributes: { perm },
    });
  }
  return rewriteOf(absorbers, replaced, 'it only takes away or brings back axes of extent 1');
}

/**
 * What makes a reshape of a transposition that moves axes of extent 1 only, as TFLite's converter does, and of a gather that takes
 * the only entry of an axis: no element moves. Undefined if there are none.
 */
export function reshapeTrivially(graph: Graph): Rewrite | undefined {
  const replaced = new Map<number, Node>();
  for (const [position, node] of graph.nodes.entries()) {
    if (node.op !== 'transpose' && node.op !== 'gather') continue;
    const from = shapeOf(graph, node.inputs[0]!);
    const shape = shapeOf(graph, node.outputs[0]!);
    if (from === undefined || shape === undefined) continue;
    const isTrivial =
      node.op === 'gather' ? takesAll(graph, node, from, shape) : keepsOrder(node, from);
    if (!isTrivial) continue;
    const inputs = [node.inputs[0]!];
    replaced.set(position, { ...node, op: 'reshape', inputs, attributes: { shape } });
  }
  return rewriteOf(new Map(), replaced, '');
}

/** Whether a gather takes one entry of an axis that has no other, and its operand is computed. */
function takesAll(graph: Graph, node: NodeOf<'gather'>, from: Shape, to: Shape): boolean {
  const indices = graph.findTensor(node.inputs[1] ?? '');
  return (
    graph.findTensor(node.inputs[0]!)?.kind !== 'constant' &&
    indices?.kind === 'constant' &&
    indices.shape?.length === 0 &&
    from[node.attributes.axis] === 1 &&
    elementCount(from) === elementCount(to)
  );
}

function keepsOrder(node: NodeOf<'transpose'>, shape: Shape): boolean {
  const perm = permutationOf(node, shape.length);
  const moved = perm.filter((axis) => shape[axis] !== 1);
  if (moved.some((axis, index) => index > 0 && axis < moved[index - 1]!)) return false;
  // nn-Meter IR has all images channels last, and what moves channels there keeps the order of axes.
  return moved.length <= 1 || perm.some((axis, to) => axis !== to);
}

/**
 * What makes one transposition of several that follow each other, and one reshape of several, as converters do. Undefined if
 * there are none.
 */
export function mergeMoves(graph: Graph): Rewrite | undefined {
  const { nodes } = graph;
  const absorbers = new Map<number, number>();
  const replaced = new Map<number, Node>();
  for (let position = nodes.length - 1; position >= 0; position--) {
    let merged = nodes[position]!;
    if ((merged.op !== 'transpose' && merged.op !== 'reshape') || absorbers.has(position)) continue;
    for (let first = position; ; ) {
      const before = producerOf(graph, first, 0);
      if (before === NONE || soleReader(graph, before) !== first) break;
      const joined = join(graph, nodes[before]!, merged);
      if (joined === undefined) break;
      absorbers.set(before, position);
      merged = joined;
      first = before;
    }
    if (merged !== nodes[position]) replaced.set(position, merged);
  }
  return rewriteOf(absorbers, replaced, 'what follows moves the same elements once more');
}

/** Two moves as one; undefined if they are none, or of two kinds. */
function join(graph: Graph, first: Node, second: Node): Node | undefined {
  const inputs = [first.inputs[0]!, ...second.inputs.slice(1)];
  if (first.op === 'reshape' && second.op === 'reshape') return { ...second, inputs };
  if (first.op !== 'transpose' || second.op !== 'transpose') return undefined;
  const rank = shapeOf(graph, first.inputs[0]!)?.length;
  if (rank === undefined) return undefined;
  const [inner, outer] = [permutationOf(first, rank), permutationOf(second, rank)];
  const perm = outer.map((axis) => inner[axis]!);
  return { ...second, inputs, attributes: { perm } };
}

/** Of a tensor whose axes of extent 1 the transposition does not see; undefined if the reshapes do more than that. */
function wholePermutation(
  whole: Shape | undefined,
  seen: Shape | undefined,
  result: Shape | undefined,
  transposition: NodeOf<'transpose'>,
): number[] | undefined {
  if (whole === undefined || seen === undefined || result === undefined) return undefined;
  if (whole.length !== result.length) return undefined;
  const long = longAxes(whole);
  const seenLong = longAxes(seen);
  if (long.map((axis) => whole[axis]).join() !== seenLong.map((axis) => seen[axis]).join()) {
    return undefined;
  }
  const moved = permutationOf(transposition, seen.length)
    .filter((axis) => seen[axis] !== 1)
    .map((axis) => long[seenLong.indexOf(axis)]!);
  const short = [...whole.keys()].filter((axis) => whole[axis] === 1);
  const perm = result.map((extent) => (extent === 1 ? short.shift() : moved.shift()));
  const isWhole = perm.every((axis, to) => axis !== undefined && whole[axis] === result[to]);
  return isWhole ? (perm as number[]) : undefined;
}

function longAxes(shape: Shape): number[] {
  return [...shape.keys()].filter((axis) => shape[axis] !== 1);
}

function permutationOf({ attributes: { perm } }: NodeOf<'transpose'>, rank: number): number[] {
  return perm.length > 0 ? [...perm] : [...Array(rank).keys()].reverse();
}

function shapeOf(graph: Graph, tensor: string): Shape | undefined {
  return graph.findTensor(tensor)?.shape;
}

function rewriteOf(
  absorbers: ReadonlyMap<number, number>,
  replaced: ReadonlyMap<number, Node>,
  reason: string,
): Rewrite | undefined {
  return replaced.size === 0
    ? undefined
    : { absorbers, reason, replaced, renamed: new Map<string, string>() };
}
