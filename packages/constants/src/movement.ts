import { elementCount, type OpAttributes, type Shape } from '@nnmeter/ir';
import {
  broadcast,
  type ConstantArray,
  type Elements,
  elementsAt,
  fromStart,
  isShort,
  mostElements,
  positionsOf,
  reordered,
  stridesOf,
} from './array.ts';

/** The elements at places of each axis. */
function taken({ shape, values }: ConstantArray, places: readonly (number | Elements)[]): Elements {
  return elementsAt(values, positionsOf(stridesOf(shape), places));
}

/** Numbers from one on, by a step. */
function counted(count: number, start: number, step = 1): readonly number[] {
  return Array.from({ length: count }, (_, index) => start + index * step);
}

export function transpose(data: ConstantArray, { perm }: OpAttributes['transpose']): Elements {
  const order = perm.length === 0 ? data.shape.map((_, axis) => axis).reverse() : perm;
  return reordered(data.shape, data.values, order);
}

export function slice(
  data: ConstantArray,
  { starts, ends, axes, steps }: OpAttributes['slice'],
): Elements {
  const places: (number | Elements)[] = [...data.shape];
  for (const [index, axis] of axes.entries()) {
    const extent = data.shape[axis]!;
    const step = steps[index] ?? 1;
    const [least, most] = step > 0 ? [0, extent] : [-1, extent - 1];
    const within = (bound: number): number =>
      Math.min(Math.max(fromStart(bound, extent), least), most);
    const first = within(starts[index]!);
    const count = Math.max(0, Math.ceil((within(ends[index]!) - first) / step));
    places[axis] = counted(count, first, step);
  }
  return taken(data, places);
}

export function split(
  data: ConstantArray,
  { axis, sizes }: OpAttributes['split'],
): readonly Elements[] {
  let end = 0;
  return sizes.map((size) => {
    const start = end;
    end += size;
    const places: (number | Elements)[] = [...data.shape];
    places[axis] = counted(size, start);
    return taken(data, places);
  });
}

/** Along an axis that the parts have, or along a new one where the result has one more. */
export function concat(
  parts: readonly ConstantArray[],
  { axis }: OpAttributes['concat'],
  shape: Shape,
): Elements {
  const rows = elementCount(shape.slice(0, axis));
  if (rows === 1) return parts.flatMap(({ values }) => values);
  const widths = parts.map(({ values }) => values.length / rows);
  return Array.from({ length: rows }, (_, row) =>
    parts.flatMap(({ values }, index) =>
      values.slice(row * widths[index]!, (row + 1) * widths[index]!),
    ),
  ).flat();
}

export function tile(data: ConstantArray, shape: Shape): Elements {
  return taken(
    data,
    shape.map((count, axis) => counted(count, 0).map((index) => index % data.shape[axis]!)),
  );
}

/** Whose condition holds. */
export function where(operands: readonly ConstantArray[], shape: Shape): Elements {
  const [condition, then, otherwise] = operands.map((operand) => broadcast(operand, shape));
  return condition!.map((value, index) => {
    const [yes, no] = [then![index]!, otherwise![index]!];
    return Number.isNaN(value) && yes !== no ? Number.NaN : value === 0 ? no : yes;
  });
}

/** Where an element of a padded axis comes from, by mode; NaN for the constant. */
const PADDED: Readonly<Record<string, (at: number, extent: number) => number>> = {
  constant: (at, extent) => (at >= 0 && at < extent ? at : Number.NaN),
  edge: (at, extent) => Math.min(Math.max(at, 0), extent - 1),
  reflect: (at, extent) => mirrored(at, extent, 2 * Math.max(extent - 1, 1), 0),
  symmetric: (at, extent) => mirrored(at, extent, 2 * extent, 1),
  wrap: (at, extent) => fromStart(at % extent, extent),
};

/** @param edge 1 if the outermost element is repeated */
function mirrored(at: number, extent: number, period: number, edge: number): number {
  const within = fromStart(at % period, period);
  return within < extent ? within : period - within - edge;
}

export function pad(
  data: ConstantArray,
  { pads, mode }: OpAttributes['pad'],
  shape: Shape,
  fill = 0,
): Elements {
  const source = PADDED[mode] ?? PADDED.constant!;
  const places = shape.map((count, axis) =>
    counted(count, -pads[axis]!).map((at) => source(at, data.shape[axis]!)),
  );
  const positions = positionsOf(stridesOf(data.shape), places);
  return positions.map((position) => (Number.isNaN(position) ? fill : data.values[position]!));
}

/** Axes of [N, C, H, block, W, block] in the order of the result, and those of [N, block, block, C, H, W] or [N, C, ...]. */
const TO_DEPTH = { blocks: [0, 3, 5, 1, 2, 4], channels: [0, 1, 3, 5, 2, 4] } as const;
const TO_SPACE = { blocks: [0, 3, 4, 1, 5, 2], channels: [0, 1, 4, 2, 5, 3] } as const;

/** What the channels of an image in depth are ordered by first: the place in the block, or the channel. */
export type DepthOrder = keyof typeof TO_DEPTH;

/** Blocks of an image [N, C, H, W] become channels. */
export function spaceToDepth(
  { shape, values }: ConstantArray,
  side: number,
  by: DepthOrder,
): Elements {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const blocks = [batch, channels, height / side, side, width / side, side];
  return reordered(blocks, values, TO_DEPTH[by]);
}

/** Channels of an image [N, C, H, W] become blocks. */
export function depthToSpace(
  { shape, values }: ConstantArray,
  side: number,
  by: DepthOrder,
): Elements {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const depth = channels / (side * side);
  const parts = by === 'blocks' ? [side, side, depth] : [depth, side, side];
  return reordered([batch, ...parts, height, width], values, TO_SPACE[by]);
}

/** Turns the first steps of every sequence around, as many as its length says. */
export function reverseSequence(
  data: ConstantArray,
  lengths: ConstantArray,
  axes: { readonly batch: number; readonly time: number },
): Elements {
  const order = [axes.batch, axes.time];
  const strides = stridesOf(data.shape);
  const result = [...data.values];
  const rest = data.shape.map((extent, axis) => (order.includes(axis) ? 1 : extent));
  for (const offset of positionsOf(strides, rest)) {
    for (const [index, length] of lengths.values.entries()) {
      const start = offset + index * strides[axes.batch]!;
      for (let step = 0; step < length; step++) {
        result[start + step * strides[axes.time]!] =
          data.values[start + (length - 1 - step) * strides[axes.time]!]!;
      }
    }
  }
  return result;
}

/** A tensor of one value; undefined if it is too long to be worth keeping, or the value is not known. */
export function filled(shape: Shape, value: number | undefined): Elements | undefined {
  const isKept = value !== undefined && isShort(shape) && shape.every((extent) => extent >= 0);
  return isKept ? new Array<number>(elementCount(shape)).fill(value) : undefined;
}

/** How many numbers lie between two bounds, by a step; none where the step leads away. */
export function rangeLength(start: number, limit: number, step: number): number {
  return Math.max(0, Math.ceil((limit - start) / step)) || 0;
}

/** The numbers of {@link rangeLength}; undefined if they are too many to be worth keeping. */
export function range(start: number, limit: number, step: number): Elements | undefined {
  const count = rangeLength(start, limit, step);
  return count <= mostElements ? counted(count, start, step) : undefined;
}
