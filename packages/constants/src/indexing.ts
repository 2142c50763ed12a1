import { elementCount, normalizeAxis, type OpAttributes, type Shape } from '@nnmeter/ir';
import {
  type ConstantArray,
  type Elements,
  elementsAt,
  fromStart,
  positionsOf,
  stridesOf,
} from './array.ts';

/** NumPy's take and take_along_axis, and gather_nd. */
export function gather(
  data: ConstantArray,
  indices: ConstantArray,
  attributes: OpAttributes['gather'],
): Elements {
  const { indexing, axis, batchAxes = 0 } = attributes;
  if (indexing === 'elements') return elementsAt(data.values, placesAlong(data, indices, axis));
  if (indexing === 'nd') return gatherND(data, indices, batchAxes);
  const { shape, values } = data;
  const batches = elementCount(shape.slice(0, batchAxes));
  const rows = elementCount(shape.slice(batchAxes, axis));
  const extent = shape[axis] ?? 1;
  const width = elementCount(shape.slice(axis + 1));
  const count = indices.values.length / batches;
  const result: number[] = [];
  for (let row = 0; row < batches * rows; row++) {
    const first = Math.floor(row / rows) * count;
    for (let index = first; index < first + count; index++) {
      const start = (row * extent + fromStart(indices.values[index]!, extent)) * width;
      for (let at = start; at < start + width; at++) result.push(values[at]!);
    }
  }
  return result;
}

/** Positions in data of which an index of each says the place along one axis. */
function placesAlong(data: ConstantArray, indices: ConstantArray, axis: number): Elements {
  const strides = stridesOf(data.shape);
  const others = positionsOf(strides.with(axis, 0), indices.shape);
  return others.map(
    (position, index) =>
      position + strides[axis]! * fromStart(indices.values[index]!, data.shape[axis]!),
  );
}

/** Where blocks of data begin that tuples of indices address, behind leading batch axes; `width` elements each. */
function blocksOf(
  data: Shape,
  indices: ConstantArray,
  batchAxes: number,
): { readonly starts: readonly number[]; readonly width: number } {
  const tuple = indices.shape.at(-1) ?? 0;
  const strides = stridesOf(data);
  const width = elementCount(data.slice(batchAxes + tuple));
  const batches = elementCount(data.slice(0, batchAxes));
  const count = elementCount(indices.shape.slice(0, -1));
  const batch = elementCount(data.slice(batchAxes));
  const starts = Array.from({ length: count }, (_, at) => {
    let position = Math.floor(at / (count / batches)) * batch;
    for (let index = 0; index < tuple; index++) {
      const axis = batchAxes + index;
      position += strides[axis]! * fromStart(indices.values[at * tuple + index]!, data[axis]!);
    }
    return position;
  });
  return { starts, width };
}

function gatherND(data: ConstantArray, indices: ConstantArray, batchAxes: number): Elements {
  const { starts, width } = blocksOf(data.shape, indices, batchAxes);
  return starts.flatMap((start) => data.values.slice(start, start + width));
}

const REDUCED = {
  none: (_: number, given: number) => given,
  add: (old: number, given: number) => old + given,
  mul: (old: number, given: number) => old * given,
  max: Math.max,
  min: Math.min,
} as const;

/** How an update joins what is there. */
export type ScatterReduction = keyof typeof REDUCED;

export function isScatterReduction(name: string): name is ScatterReduction {
  return Object.hasOwn(REDUCED, name);
}

/** Writes updates into a copy of data: along an axis, or, without one, blocks that tuples of indices address. */
export function scatter(
  data: ConstantArray,
  indices: ConstantArray,
  updates: ConstantArray,
  how: { readonly axis?: number | undefined; readonly reduction: ScatterReduction },
): Elements {
  const result = [...data.values];
  const reduce = REDUCED[how.reduction];
  const write = (position: number, index: number): void => {
    const old = result[position];
    if (old !== undefined) result[position] = reduce(old, updates.values[index]!);
  };
  if (how.axis !== undefined) {
    for (const [index, position] of placesAlong(data, indices, how.axis).entries())
      write(position, index);
    return result;
  }
  const { starts, width } = blocksOf(data.shape, indices, 0);
  for (const [block, start] of starts.entries()) {
    for (let at = 0; at < width; at++) write(start + at, block * width + at);
  }
  return result;
}

/** @param shape of the result, with the new axis */
export function oneHot(
  indices: ConstantArray,
  { axis }: OpAttributes['onehot'],
  [off, on]: readonly [number, number],
  shape: Shape,
): Elements {
  const at = normalizeAxis(axis, shape.length);
  const depth = shape[at]!;
  const width = elementCount(shape.slice(at + 1));
  return Array.from({ length: elementCount(shape) }, (_, position) => {
    const place = Math.floor(position / width) % depth;
    const index = Math.floor(position / (width * depth)) * width + (position % width);
    return fromStart(indices.values[index]!, depth) === place ? on : off;
  });
}

/** Keeps the upper or lower triangle of matrices, from a diagonal on. */
export function triangle(
  { shape, values }: ConstantArray,
  { isUpper, diagonal }: { readonly isUpper: boolean; readonly diagonal: number },
): Elements {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  return values.map((value, position) => {
    const distance = (position % columns) - (Math.floor(position / columns) % rows) - diagonal;
    return (isUpper ? distance >= 0 : distance <= 0) ? value : 0;
  });
}

/** Ones on a diagonal of a matrix. */
export function eye([rows = 0, columns = 0]: Shape, diagonal: number): Elements {
  return Array.from({ length: rows * columns }, (_, position) =>
    Number((position % columns) - Math.floor(position / columns) === diagonal),
  );
}

/** The elements, or slices of an axis, that a selection lets through. */
export function compress(
  data: ConstantArray,
  selection: ConstantArray,
  axis: number | undefined,
): Elements {
  const kept = selection.values.flatMap((selected, index) => (selected === 0 ? [] : [index]));
  if (axis === undefined) return kept.map((index) => data.values[index]!);
  const places: (number | Elements)[] = [...data.shape];
  places[axis] = kept;
  return elementsAt(data.values, positionsOf(stridesOf(data.shape), places));
}

/** Where elements are not zero: for each axis of the data a list, one after the other, as ONNX has it. */
export function nonZero({ shape, values }: Pick<ConstantArray, 'shape' | 'values'>): {
  readonly count: number;
  readonly indices: Elements;
} {
  const found = values.flatMap((value, index) => (value === 0 ? [] : [index]));
  const strides = stridesOf(shape);
  const indices = shape.flatMap((extent, axis) =>
    found.map((index) => Math.floor(index / strides[axis]!) % extent),
  );
  return { count: found.length, indices };
}
