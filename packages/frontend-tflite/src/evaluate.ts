import { elementCount, type Operation, type Shape } from '@nnmeter/ir';
import type { Value } from './value.ts';

/** Longer lists are no shapes. */
const MOST_VALUES = 64;

type Binary = (a: number, b: number) => number;

/** What TFLite's elementwise operators compute, as far as shapes are computed with them. */
const BINARY: Readonly<Record<string, Binary>> = {
  ADD: (a, b) => a + b,
  SUB: (a, b) => a - b,
  MUL: (a, b) => a * b,
  FLOOR_DIV: (a, b) => Math.floor(a / b),
  FLOOR_MOD: (a, b) => a - b * Math.floor(a / b),
  MAXIMUM: Math.max,
  MINIMUM: Math.min,
  POW: (a, b) => a ** b,
  EQUAL: (a, b) => Number(a === b),
  NOT_EQUAL: (a, b) => Number(a !== b),
  GREATER: (a, b) => Number(a > b),
  GREATER_EQUAL: (a, b) => Number(a >= b),
  LESS: (a, b) => Number(a < b),
  LESS_EQUAL: (a, b) => Number(a <= b),
  LOGICAL_AND: (a, b) => Number(a !== 0 && b !== 0),
  LOGICAL_OR: (a, b) => Number(a !== 0 || b !== 0),
};

const UNARY: Readonly<Record<string, (a: number) => number>> = {
  NEG: (a) => -a,
  ABS: Math.abs,
  SIGN: Math.sign,
  FLOOR: Math.floor,
  CEIL: Math.ceil,
  SQUARE: (a) => a * a,
  SQRT: Math.sqrt,
  LOGICAL_NOT: (a) => Number(a === 0),
};

const REDUCTIONS: Readonly<Record<string, Binary>> = {
  REDUCE_PROD: (a, b) => a * b,
  SUM: (a, b) => a + b,
  REDUCE_MAX: Math.max,
  REDUCE_MIN: Math.min,
  REDUCE_ALL: (a, b) => Number(a !== 0 && b !== 0),
  REDUCE_ANY: (a, b) => Number(a !== 0 || b !== 0),
};

/**
 * The values of a result that is computed from constants, as shapes are; undefined where they do not matter or are not
 * known. `source` is TFLite's operator, of which several are one op.
 */
export function evaluate(
  source: string,
  operation: Operation,
  operands: readonly Value[],
  shape: Shape,
  slot: number,
): readonly number[] | undefined {
  const count = elementCount(shape);
  const [a, b, c] = operands;
  if (count > MOST_VALUES || a?.values === undefined || a.shape === undefined) return undefined;
  const each = (value: (place: readonly number[]) => number | undefined) =>
    complete(Array.from({ length: count }, (_, index) => value(placeOf(index, shape))));
  const binary = source === 'DIV' ? divisionOf(a) : BINARY[source];
  if (binary !== undefined && b !== undefined) {
    return each((place) => apply(binary, broadcast(a, place), broadcast(b, place)));
  }
  const unary = UNARY[source];
  if (unary !== undefined) return a.values.map(unary);
  const { op, attributes } = operation;
  switch (op) {
    case 'reshape':
      return a.values;
    case 'cast':
      return /int/.test(attributes.to) ? a.values.map(Math.trunc) : a.values;
    case 'expand':
      return each((place) => broadcast(a, place));
    case 'tile':
      return each((place) =>
        valueAt(
          a,
          place.map((at, axis) => at % a.shape![axis]!),
        ),
      );
    case 'where':
      return each((place) => {
        const chosen = broadcast(a, place) === 0 ? c : b;
        return chosen && broadcast(chosen, place);
      });
    case 'transpose':
      return each((place) =>
        valueAt(
          a,
          a.shape!.map((_, axis) => place[attributes.perm.indexOf(axis)] ?? 0),
        ),
      );
    case 'concat':
      return each((place) => concatenated(operands, place, attributes.axis));
    case 'split': {
      const before = attributes.sizes.slice(0, slot).reduce((sum, size) => sum + size, 0);
      return each((place) => valueAt(a, shifted(place, attributes.axis, before)));
    }
    case 'gather': {
      const { axis, indexing } = attributes;
      if (b?.values === undefined || indexing !== undefined || a.shape.length !== 1 || axis !== 0) {
        return undefined;
      }
      return complete(b.values.map((index) => a.values!.at(index)));
    }
    case 'slice':
      return a.shape.length === 1 ? sliced(a.values, attributes, count) : undefined;
    default: {
      const reduce = REDUCTIONS[source];
      const isOfAll = reduce !== undefined && count === 1 && a.values.length > 0;
      return isOfAll ? [a.values.reduce(reduce)] : undefined;
    }
  }
}

/** Division of integers cuts. */
function divisionOf({ dataType }: Value): Binary {
  return /int/.test(dataType) ? (a, b) => Math.trunc(a / b) : (a, b) => a / b;
}

function apply(binary: Binary, a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : binary(a, b);
}

function complete(values: readonly (number | undefined)[]): readonly number[] | undefined {
  return values.every((value) => value !== undefined) ? values : undefined;
}

function placeOf(index: number, shape: Shape): number[] {
  const place = new Array<number>(shape.length);
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    place[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
}

function valueAt({ values, shape = [] }: Value, place: readonly number[]): number | undefined {
  return values?.[shape.reduce((index, extent, axis) => index * extent + place[axis]!, 0)];
}

/** The operand's value for a place of a shape that it broadcasts to. */
function broadcast(value: Value, place: readonly number[]): number | undefined {
  const { shape = [] } = value;
  const added = place.length - shape.length;
  return valueAt(
    value,
    shape.map((extent, axis) => (extent === 1 ? 0 : place[axis + added]!)),
  );
}

function shifted(place: readonly number[], axis: number, by: number): number[] {
  return place.map((at, index) => (index === axis ? at + by : at));
}

function concatenated(
  operands: readonly Value[],
  place: readonly number[],
  axis: number,
): number | undefined {
  let before = 0;
  for (const operand of operands) {
    const extent = operand.shape?.[axis] ?? 0;
    if (place[axis]! < before + extent) return valueAt(operand, shifted(place, axis, -before));
    before += extent;
  }
  return undefined;
}

/** `count` values of a list, from where a slice begins. */
function sliced(
  values: readonly number[],
  { starts, steps }: { readonly starts: readonly number[]; readonly steps: readonly number[] },
  count: number,
): readonly number[] | undefined {
  const step = steps[0] ?? 1;
  const start = starts[0] ?? 0;
  const first = Math.min(Math.max(start < 0 ? start + values.length : start, 0), values.length - 1);
  return complete(Array.from({ length: count }, (_, index) => values[first + index * step]));
}
