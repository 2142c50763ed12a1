import {
  CHANNELS_FIRST,
  elementCount,
  type Graph,
  type Layout,
  NnMeterError,
  type Node,
  opRow,
  quote,
  type Shape,
} from '@nnmeter/ir';

/** The axes of an exported tensor, as axes of the graph's tensor: [0, 3, 1, 2] where NHWC is exported as NCHW. */
export type AxisOrder = readonly number[];

/** Where a format has the channels of images: behind the batch (ONNX), or last (TFLite). */
export type ImageChannels = 'first' | 'last';

/** Where a network has the channels of its images; undefined if it has none. */
function channelsOf(graph: Graph): ImageChannels | undefined {
  const first = graph.nodes.find((node) => opRow(node.op).axes === 'image');
  const layout = first && layoutOf(graph, first);
  if (layout === undefined) return undefined;
  return layout === CHANNELS_FIRST[layout.length] ? 'first' : 'last';
}

/** The layout of the image a node works on: stated, or told by the weight's. */
function layoutOf(graph: Graph, node: Node): Layout | undefined {
  const { layout, shape } = graph.tensor(node.inputs[0] ?? '');
  if (layout !== undefined) return layout;
  const weight = node.inputs[1] === undefined ? undefined : graph.tensor(node.inputs[1]).layout;
  const channelsLast = weight !== undefined && /^(D?H?WI|HWC|OHWI|IHWO)/.test(weight);
  return channelsLast ? LAST[shape?.length ?? 0] : undefined;
}

const LAST: Readonly<Record<number, Layout>> = { 3: 'NWC', 4: 'NHWC', 5: 'NDHWC' };

/** An image that became a matrix without moving its elements: its features are in another order than the graph's. */
export interface Flattened {
  /** Of one row, as the graph has it: [C, H, W]. */
  readonly shape: Shape;
  readonly order: AxisOrder;
}

/** In which order of axes each tensor of a graph is written, where the format has the channels of images elsewhere. */
export class AxisOrders {
  readonly #graph: Graph;
  readonly #target: ImageChannels;
  readonly #moves: boolean;
  readonly #orders = new Map<string, AxisOrder>();
  readonly #flattened = new Map<string, Flattened>();

  constructor(graph: Graph, target: ImageChannels) {
    this.#graph = graph;
    this.#target = target;
    const channels = channelsOf(graph);
    this.#moves = channels !== undefined && channels !== target;
    for (const name of graph.inputs) this.set(name, this.wanted(name));
  }

  /** @throws NnMeterError E_SHAPE if the shape is not known. */
  shape(name: string): Shape {
    const { shape } = this.#graph.tensor(name);
    if (shape !== undefined) return shape;
    throw new NnMeterError(
      'E_SHAPE',
      `tensor ${quote(name)} has no known shape, so it cannot be exported`,
    );
  }

  /** The order in which a tensor is written; identity for constants. */
  of(name: string): AxisOrder {
    return this.#orders.get(name) ?? identity(this.shape(name).length);
  }

  set(name: string, order: AxisOrder): void {
    this.#orders.set(name, order);
  }

  /** Notes that an image, with the batch first, became that matrix where it lies. */
  flatten(image: string, matrix: string): void {
    const row = this.of(image).slice(1);
    const order = row.map((axis) => axis - 1);
    this.#flattened.set(matrix, { shape: this.shape(image).slice(1), order });
  }

  /** Where the features of a matrix are in the order of an image, also behind ops on each element. */
  flattened(matrix: string): Flattened | undefined {
    let name = matrix;
    for (;;) {
      const producer = this.#graph.producer(name);
      if (producer === undefined) return undefined;
      const { elementwise, operands } = opRow(producer.op);
      if (!elementwise || operands[1] > 1) return this.#flattened.get(name);
      name = producer.inputs[0]!;
    }
  }

  /** The format's own order for what the graph calls an image. */
  wanted(name: string): AxisOrder {
    return this.#order(this.shape(name), this.#graph.tensor(name).layout);
  }

  /** The order of an image operand: the format's own, also where the graph does not call it an image. */
  image(name: string): AxisOrder {
    const shape = this.shape(name);
    const guesses = this.#target === 'first' ? LAST : CHANNELS_FIRST;
    return this.#order(shape, this.#graph.tensor(name).layout ?? guesses[shape.length]);
  }

  /** The order of what has its channels behind the batch, or last, as the network's images; of any rank. */
  likeImage(rank: number): AxisOrder {
    if (!this.#moves || rank < 3) return identity(rank);
    const inner = identity(rank).slice(1);
    return this.#target === 'last'
      ? [0, ...inner.slice(1), inner[0]!]
      : [0, inner.at(-1)!, ...inner.slice(0, -1)];
  }

  #order(shape: Shape, layout: Layout | undefined): AxisOrder {
    const rank = shape.length;
    const isImage = layout !== undefined && layout.length === rank;
    if (!this.#moves || !isImage) return identity(rank);
    const source = this.#target === 'last' ? CHANNELS_FIRST : LAST;
    return layout === source[rank] ? this.likeImage(rank) : identity(rank);
  }
}

/** The order of axes that moves nothing. */
export function identity(rank: number): AxisOrder {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** Whether an order moves nothing. */
export function isIdentity(order: AxisOrder): boolean {
  return order.every((axis, index) => axis === index);
}

/** A shape in another order of its axes. */
export function permuted(shape: Shape, order: AxisOrder): Shape {
  return order.map((axis) => shape[axis]!);
}

/** By place of the tensor in another order of axes, the place in its own. */
export function placesInOrder(shape: Shape, order: AxisOrder): Uint32Array {
  const strides = identity(shape.length).map((axis) => elementCount(shape.slice(axis + 1)));
  const extents = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const last = order.length - 1;
  const counters = new Array<number>(order.length).fill(0);
  const places = new Uint32Array(elementCount(shape));
  let place = 0;
  for (let at = 0; at < places.length; at++) {
    places[at] = place;
    for (let axis = last; axis >= 0; axis--) {
      counters[axis]!++;
      place += steps[axis]!;
      if (counters[axis]! < extents[axis]!) break;
      place -= steps[axis]! * extents[axis]!;
      counters[axis] = 0;
    }
  }
  return places;
}

/** Whether the elements of a tensor lie in the same places in an order as in its own: only axes of extent 1 move. */
export function keepsPlaces(shape: Shape, order: AxisOrder): boolean {
  const long = order.filter((axis) => shape[axis]! > 1);
  return long.every((axis, index) => index === 0 || axis > long[index - 1]!);
}

/** The order of what a reduction leaves of a tensor's axes. */
export function reducedOrder(
  order: AxisOrder,
  axes: readonly number[],
  keepDims: boolean,
): AxisOrder {
  if (keepDims) return order;
  const remaining = order.filter((axis) => !axes.includes(axis));
  const ranked = remaining.toSorted((a, b) => a - b);
  return remaining.map((axis) => ranked.indexOf(axis));
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
