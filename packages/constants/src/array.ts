import { type DataType, elementCount, type Shape } from '@nnmeter/ir';

/**
 * A tensor whose elements are known, in row-major order. Integers are exact up to 2^53 either way; the largest int64, which
 * exporters write for "to the end", is 2^63. NaN among integers and truth values stands for one that is not known.
 */
export interface ConstantArray {
  readonly dataType: DataType;
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** Elements of a result, in row-major order. */
export type Elements = readonly number[];

/** Longest constant whose elements are worth keeping: shapes, axes, scales and lists of indices, not weights. */
export const mostElements = 256;

/**
 * Whether the elements of a constant of this shape are worth keeping. An empty one is short only if its other axes are:
 * what goes along [2^31, 0] finds no element in as many places.
 */
export function isShort(shape: Shape): boolean {
  return elementCount(shape.map((extent) => Math.max(extent, 1))) <= mostElements;
}

/** Distance in elements between neighbours on each axis of a dense tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/**
 * Positions of a view in a dense tensor, in the view's row-major order: at each of its axes it goes by a stride from place to
 * place. Places are an extent, for all below it, or a list; what is at the place NaN has the position NaN.
 */
export function positionsOf(
  strides: readonly number[],
  places: readonly (number | readonly number[])[],
): number[] {
  let positions = [0];
  for (const [axis, here] of places.entries()) {
    const stride = strides[axis]!;
    const count = typeof here === 'number' ? here : here.length;
    const next = new Array<number>(positions.length * count);
    let at = 0;
    for (const position of positions) {
      for (let index = 0; index < count; index++) {
        next[at++] = position + stride * (typeof here === 'number' ? index : here[index]!);
      }
    }
    positions = next;
  }
  return positions;
}

/** The elements at positions. */
export function elementsAt(values: Elements, positions: readonly number[]): Elements {
  return positions.map((position) => values[position]!);
}

/** An array as if it had another shape that it broadcasts to. */
export function broadcast({ shape, values }: ConstantArray, to: Shape): Elements {
  const isSame = shape.length === to.length && shape.every((extent, axis) => extent === to[axis]);
  if (isSame) return values;
  if (values.length === 1) return new Array<number>(elementCount(to)).fill(values[0]!);
  const own = stridesOf(shape);
  const added = to.length - shape.length;
  const strides = to.map((_, axis) =>
    axis < added || shape[axis - added] === 1 ? 0 : own[axis - added]!,
  );
  return elementsAt(values, positionsOf(strides, to));
}

/** An index counted from the end where it is negative. */
export function fromStart(index: number, extent: number): number {
  return index < 0 ? index + extent : index;
}

/** The axes that are not listed, in order. */
export function otherAxes(rank: number, axes: readonly number[]): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !axes.includes(axis));
}

/** The elements with their axes in another order: first the axis `order[0]` of the array, and so on. */
export function reordered(shape: Shape, values: Elements, order: readonly number[]): Elements {
  const strides = stridesOf(shape);
  return elementsAt(
    values,
    positionsOf(
      order.map((axis) => strides[axis]!),
      order.map((axis) => shape[axis]!),
    ),
  );
}
