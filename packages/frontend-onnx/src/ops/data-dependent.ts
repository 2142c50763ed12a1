import { isShort } from '@nnmeter/constants';
import {
  broadcastShapes,
  elementCount,
  normalizeAxis,
  type OpAttributes,
  type Shape,
  sliceExtent,
} from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { dataTypeOf } from '../data-types.ts';
import { Unknown } from '../entry.ts';
import { computation, constant, type Outcome, shaped } from '../outcome.ts';

/**
 * What a node does whose result's shape only data decide: the shape that the file states holds, else an assumed one.
 * `alternatives` is how many nodes look for a number of their own in the tensor in which this one looks for one.
 */
type DataDependentRule = (
  call: Call,
  stated: Shape | undefined,
  alternatives: () => number,
) => Outcome;

/** Result [rank, found]. Of nodes that look for different numbers in one tensor each finds its share of the elements. */
const nonZero: DataDependentRule = (call, stated, alternatives) => {
  const input = call.shape(0);
  const found = (): number =>
    call.assumptions.size('nonzero', Math.ceil(elementCount(input) / alternatives()));
  return shaped('nonzero', {}, [stated ?? [input.length, found()]], { inputs: [0] });
};

/** Boxes [batch, boxes, 4], scores [batch, classes, boxes], and the most of a class and an image; result [selected, 3]. */
const nonMaxSuppression: DataDependentRule = (call, stated) => {
  const [batch = 1, boxes = 1] = call.shape(0);
  const classes = call.shape(1)[1] ?? 1;
  const perClass = call.has(2) ? (call.knownValues(2)?.[0] ?? boxes) : 0;
  const most = batch * classes * Math.min(perClass, boxes);
  const selected = (): number => call.assumptions.size('nonmaxsuppression', most);
  return shaped('nonmaxsuppression', {}, [stated ?? [selected(), 3]], { inputs: [0, 1] });
};

/** Results: the distinct elements, where each is first, which of them every element is, and how often each is there. */
const unique: DataDependentRule = (call, stated) => {
  const input = call.shape(0);
  const axis = call.attribute('axis') && call.axis(input.length, 0);
  const extent = axis === undefined ? elementCount(input) : input[axis]!;
  const count =
    countDistinct(call, input, axis) ??
    stated?.[axis ?? 0] ??
    call.assumptions.size('unique', extent);
  const distinct = axis === undefined ? [count] : input.with(axis, count);
  return shaped('unique', {}, [distinct, [count], [extent], [count]], {
    dataTypes: [undefined, 'int64', 'int64', 'int64'],
    inputs: [0],
  });
};

/** Different elements, or slices of an axis, of a constant. */
function countDistinct(call: Call, shape: Shape, axis: number | undefined): number | undefined {
  const values = call.knownValues(0);
  if (values === undefined || !isShort(shape)) return undefined;
  if (axis === undefined) return new Set(values).size;
  const stride = elementCount(shape.slice(axis + 1));
  const slices = Array.from({ length: shape[axis]! }, (): number[] => []);
  values.forEach((value, index) => {
    slices[Math.floor(index / stride) % shape[axis]!]!.push(value);
  });
  return new Set(slices.map((slice) => slice.join())).size;
}

const compress: DataDependentRule = (call, stated) => {
  const input = call.shape(0);
  const axis = call.attribute('axis') && call.axis(input.length, 0);
  const extent = axis === undefined ? elementCount(input) : input[axis]!;
  const count = (): number => call.assumptions.size('compress', extent);
  const shape = stated ?? (axis === undefined ? [count()] : input.with(axis, count()));
  return shaped('gather', { axis: axis ?? 0 }, [shape], { inputs: [0] });
};

const topK: DataDependentRule = (call, stated) => {
  const input = call.shape(0);
  const axis = call.axis(input.length, -1);
  const k = stated?.[axis] ?? call.assumptions.size('topk', input[axis]);
  return computation('topk', { axis, k }, { dataTypes: [undefined, 'int64'], inputs: [0] });
};

const range: DataDependentRule = (call, stated) =>
  constant(call.dataType(0), stated ?? [call.assumptions.size('topk')], undefined);

/** Axes whose bounds are computed have all the same number of elements, wherever they begin. */
const slice: DataDependentRule = (call, stated) => {
  const input = call.shape(0);
  const shape = stated ?? assumedSlice(call, input);
  const attributes: OpAttributes['slice'] = {
    starts: input.map(() => 0),
    ends: shape,
    axes: input.map((_, axis) => axis),
    steps: input.map(() => 1),
  };
  return computation('slice', attributes, { inputs: [0] });
};

function assumedSlice(call: Call, input: Shape): Shape {
  const [starts, ends] = [call.knownElements(1), call.knownElements(2)];
  const axes = call.has(3) ? call.values(3) : starts.map((_, index) => index);
  const steps = call.has(4) ? call.knownElements(4) : starts.map(() => 1);
  const shape = [...input];
  const open: number[] = [];
  for (const [index, stated] of axes.entries()) {
    const axis = normalizeAxis(stated, input.length);
    const bounds = [starts[index]!, ends[index]!, steps[index]!] as const;
    if (bounds.some(Number.isNaN)) open.push(axis);
    else shape[axis] = sliceExtent(input[axis]!, ...bounds);
  }
  const extents = open.map((axis) => input[axis]!);
  const size = open.length > 0 ? call.assumptions.size('topk', Math.max(...extents)) : 0;
  for (const axis of open) shape[axis] = Math.min(size, input[axis]!);
  return shape;
}

/** Of axes that nothing says how far they grow, it is the first that does, by an assumed number. */
function grown(call: Call, list: readonly number[], canGrow: (axis: number) => boolean): Shape {
  const first = list.findIndex((extent, axis) => Number.isNaN(extent) && canGrow(axis));
  const size = first < 0 ? 1 : call.assumptions.size('topk');
  return list.map((extent, axis) => (Number.isNaN(extent) ? (axis === first ? size : 1) : extent));
}

/** Axes that are new, or 1 so far, can grow. */
const expand: DataDependentRule = (call, stated) => {
  const input = call.shape(0);
  const target = (): Shape => {
    const list = call.knownElements(1);
    const added = list.length - input.length;
    return grown(call, list, (axis) => axis < added || input[axis - added] === 1);
  };
  const shape = stated ?? broadcastShapes(input, target());
  return computation('expand', { shape }, { inputs: [0] });
};

const tile: DataDependentRule = (call) => {
  const input = call.shape(0);
  const repeats = grown(call, call.knownElements(1), (axis) => input[axis] === 1);
  return computation('tile', { repeats }, { inputs: [0] });
};

const constantOfShape: DataDependentRule = (call, stated) => {
  const { dataType } = call.tensor('value') ?? {};
  const assumed = (): Shape => {
    const list = call.knownElements(0);
    const size = call.assumptions.size('topk');
    return list.map((extent) => (Number.isNaN(extent) ? size : extent));
  };
  const shape = stated ?? assumed();
  return constant(dataType == null ? 'float32' : dataTypeOf(dataType), shape, undefined);
};

const reshape: DataDependentRule = (call, stated) => {
  const shape = stated ?? rearranged(call);
  return computation('reshape', { shape }, { inputs: [0] });
};

/**
 * Extents that are computed are those of the operand at their places; the last takes what is left.
 * @throws Unknown if the elements do not spread so
 */
function rearranged(call: Call): Shape {
  const input = call.shape(0);
  const list = call.knownElements(1);
  const keepsZero = call.int('allowzero', 0) !== 0;
  const stated = list.map((extent, axis) => (extent === 0 && !keepsZero ? input[axis]! : extent));
  const open = stated.flatMap((extent, axis) => (extent > 0 ? [] : [axis]));
  const last = stated.includes(-1) ? stated.indexOf(-1) : open.at(-1);
  const shape = stated.map((extent, axis) =>
    Number.isNaN(extent) && axis !== last ? (input[axis] ?? 1) : extent,
  );
  if (last === undefined) return shape;
  const rest = elementCount(input) / elementCount(shape.with(last, 1));
  if (!Number.isSafeInteger(rest)) {
    throw new Unknown('the shape of its output is computed from data');
  }
  return shape.with(last, rest);
}

/** Inputs: image, region, scales, sizes; in opset 10 image and scales. Only sides are taken to change by computed factors. */
const resize: DataDependentRule = (call, stated) => {
  const input = call.shape(0);
  const axes = call.ints('axes')?.map((axis) => normalizeAxis(axis, input.length));
  const known = call.has(3) ? call.knownElements(3) : [];
  const assumed = (): Shape => {
    const side = call.assumptions.size('side');
    return input.map((extent, axis) => {
      const size =
        known[axes?.indexOf(axis) ?? axis] ??
        (axes?.includes(axis) === false ? extent : Number.NaN);
      return Number.isNaN(size) ? (axis < 2 ? extent : side) : size;
    });
  };
  const sizes = stated ?? assumed();
  return computation('resize', { mode: call.string('mode', 'nearest'), sizes }, { inputs: [0] });
};

/** Sides that are padded by computed numbers are at least as long as an assumed one. */
const pad: DataDependentRule = (call) => {
  const input = call.shape(0);
  const given = call.knownElements(1);
  const axes = call.has(3) ? call.values(3) : input.map((_, axis) => axis);
  const pads = new Array<number>(2 * input.length).fill(0);
  for (const [index, stated] of axes.entries()) {
    const axis = normalizeAxis(stated, input.length);
    const [begin, end] = [given[index]!, given[axes.length + index]!];
    const isKnown = !Number.isNaN(begin + end);
    pads[axis] = isKnown ? begin : 0;
    pads[input.length + axis] = isKnown
      ? end
      : Math.max(0, call.assumptions.size('side') - input[axis]!);
  }
  return computation('pad', { pads, mode: call.string('mode', 'constant') }, { inputs: [0] });
};

/** Parts of computed sizes share evenly what the others leave. */
const split: DataDependentRule = (call) => {
  const input = call.shape(0);
  const axis = call.axis(input.length, 0);
  const list = call.knownElements(1);
  const open = list.filter(Number.isNaN).length;
  const known = list.reduce((sum, size) => sum + (Number.isNaN(size) ? 0 : size), 0);
  const rest = Math.max(0, input[axis]! - known);
  let count = 0;
  const sizes = list.map((size) => {
    if (!Number.isNaN(size)) return size;
    count++;
    return Math.floor((rest * count) / open) - Math.floor((rest * (count - 1)) / open);
  });
  const warning = `${call.label}: the sizes of its parts are computed from data; equal ones are taken`;
  return computation('split', { axis, sizes }, { inputs: [0], warning });
};

/** Tensors that assumed sizes make unlike are all as large as the largest. */
const concat: DataDependentRule = (call) => {
  const shapes = call.shapes();
  const axis = call.axis(shapes[0]!.length, 0);
  const largest = shapes[0]!.map((_, at) => Math.max(...shapes.map((shape) => shape[at] ?? 1)));
  const extent = shapes.reduce((sum, shape) => sum + (shape[axis] ?? 1), 0);
  return shaped('concat', { axis }, [largest.with(axis, extent)]);
};

const RULES: ReadonlyMap<string, DataDependentRule> = new Map([
  ['NonZero', nonZero],
  ['NonMaxSuppression', nonMaxSuppression],
  ['Unique', unique],
  ['Compress', compress],
  ['TopK', topK],
  ['Range', range],
  ['Slice', slice],
  ['Expand', expand],
  ['ConstantOfShape', constantOfShape],
  ['Reshape', reshape],
  ['Tile', tile],
  ['Concat', concat],
  ['Resize', resize],
  ['Pad', pad],
  ['Split', split],
]);

/** The rule for an op of the standard domain where the values that decide its result's shape are not known. */
export function findDataDependentRule(op: string, domain: string): DataDependentRule | undefined {
  return domain === '' ? RULES.get(op) : undefined;
}
