import type { AttributeKind, AttributeKinds } from './ops/attribute.ts';

/** A new order of axes: which axis comes at each place; undefined where nothing moves. */
export interface AxisOrders {
  /** Of the first operand. */
  readonly input: readonly number[] | undefined;
  /** Of the first result. */
  readonly output: readonly number[] | undefined;
}

type List = readonly number[];

const RENUMBER: { readonly [K in AttributeKind]?: (value: never, orders: AxisOrders) => unknown } =
  {
    axis: (value: number, { input }) => moved(value, input),
    resultAxis: (value: number, { output }) => moved(value, output),
    axes: (value: List, { input }) => value.map((axis) => moved(axis, input)).sort((a, b) => a - b),
    axisList: (value: List, { input }) => value.map((axis) => moved(axis, input)),
    permutation: (value: List, { input, output }) => {
      const perm = value.length === 0 && input ? input.map((_, i) => input.length - 1 - i) : value;
      return perm.map((_, place) => moved(perm[output?.[place] ?? place]!, input));
    },
    perAxis: (value: List, { input }) => permuted(value, input),
    padsPerAxis: (value: List, { input }) => {
      const rank = value.length / 2;
      return [...permuted(value.slice(0, rank), input), ...permuted(value.slice(rank), input)];
    },
    shape: (value: List, { output }) => permuted(value, output),
  };

/** The value of an attribute once the axes of the node's tensors are in another order. */
export function renumberAxes<K extends AttributeKind>(
  kind: K,
  value: AttributeKinds[K],
  orders: AxisOrders,
): AttributeKinds[K] {
  if (orders.input === undefined && orders.output === undefined) return value;
  const renumber = RENUMBER[kind];
  return renumber === undefined ? value : (renumber(value as never, orders) as AttributeKinds[K]);
}

function moved(axis: number, order: List | undefined): number {
  const place = order?.indexOf(axis) ?? axis;
  return place < 0 ? axis : place;
}

function permuted(values: List, order: List | undefined): List {
  return order?.length === values.length ? order.map((from) => values[from]!) : values;
}
