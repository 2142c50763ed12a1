import { type Graph, type Layout, type Node, opRow, type Shape, type Tensor } from '@nnmeter/ir';

/** The axes of an exported tensor, as axes of the graph's tensor: [0, 3, 1, 2] where NHWC is exported as NCHW. */
export type AxisOrder = readonly number[];

const CHANNELS_FIRST: Partial<Record<Layout, AxisOrder>> = {
  NWC: [0, 2, 1],
  NHWC: [0, 3, 1, 2],
  NDHWC: [0, 4, 1, 2, 3],
};

/** Whether the images of a network have their channels last, as TensorFlow's; ONNX has them first. */
export function hasChannelsLast(graph: Graph): boolean {
  const first = graph.nodes.find((node) => opRow(node.op).axes === 'image');
  const layout = first && layoutOf(graph, first);
  return layout !== undefined && layout in CHANNELS_FIRST;
}

/** The layout of the image a node works on: stated, or told by the weight's. */
export function layoutOf(graph: Graph, node: Node): Layout | undefined {
  const { layout, shape } = graph.tensor(node.inputs[0] ?? '');
  if (layout !== undefined) return layout;
  const weight = node.inputs[1] === undefined ? undefined : graph.tensor(node.inputs[1]).layout;
  const channelsLast = weight !== undefined && /^(D?H?WI|HWC|OHWI|IHWO)/.test(weight);
  return channelsLast ? (['NWC', 'NHWC', 'NDHWC'] as const)[(shape?.length ?? 0) - 3] : undefined;
}

export function identity(rank: number): AxisOrder {
  return Array.from({ length: rank }, (_, axis) => axis);
}

export function isIdentity(order: AxisOrder): boolean {
  return order.every((axis, index) => axis === index);
}

/** The order in which an image of that layout is exported. */
export function imageOrder(tensor: Pick<Tensor, 'shape' | 'layout'>): AxisOrder {
  const order = tensor.layout && CHANNELS_FIRST[tensor.layout];
  const rank = tensor.shape?.length ?? 0;
  return order?.length === rank ? order : identity(rank);
}

export function permuted(shape: Shape, order: AxisOrder): Shape {
  return order.map((axis) => shape[axis]!);
}

/**
 * The order of a reshaped tensor if the same reshape works on the exported axes: runs of axes that become one another
 * must be neighbours in the exported order too. Undefined where the data has to be moved first.
 */
export function reshapedOrder(from: Shape, to: Shape, order: AxisOrder): AxisOrder | undefined {
  const groups = reshapeGroups(from, to);
  const result: number[] = [];
  const placed = new Set<number>();
  for (const axis of order) {
    if (placed.has(axis)) continue;
    const group = groups.find(({ source }) => source.includes(axis));
    if (group === undefined) return undefined;
    const at = order.indexOf(axis);
    const together = group.source.every((member, index) => order[at + index] === member);
    if (!together) return undefined;
    for (const member of group.source) placed.add(member);
    result.push(...group.target);
  }
  return result.length === to.length ? result : undefined;
}

/** Whether a reshape only splits and merges neighbouring axes. */
export function splitsAndMerges(from: Shape, to: Shape): boolean {
  const groups = reshapeGroups(from, to);
  const covers = (side: 'source' | 'target', rank: number): boolean =>
    groups.flatMap((group) => group[side]).length === rank;
  const simple = groups.every(({ source, target }) => source.length === 1 || target.length === 1);
  return simple && covers('source', from.length) && covers('target', to.length);
}

interface Group {
  readonly source: number[];
  readonly target: number[];
}

/** The finest runs of axes with equal products: [1, 4, 6] to [1, 4, 2, 3] is 0 | 1 | 2 with 0 | 1 | 2, 3. */
function reshapeGroups(from: Shape, to: Shape): Group[] {
  const groups: Group[] = [];
  let [i, j] = [0, 0];
  while (i < from.length && j < to.length) {
    const group: Group = { source: [i], target: [j] };
    let [left, right] = [from[i++]!, to[j++]!];
    while (left !== right) {
      if (left < right && i < from.length) {
        left *= from[i]!;
        group.source.push(i++);
      } else if (left > right && j < to.length) {
        right *= to[j]!;
        group.target.push(j++);
      } else return groups;
    }
    groups.push(group);
  }
  const last = groups.at(-1);
  while (last !== undefined && i < from.length && from[i] === 1) last.source.push(i++);
  while (last !== undefined && j < to.length && to[j] === 1) last.target.push(j++);
  return groups;
}
