import { broadcastShapes, elementCount, type OpAttributes, type Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { dataTypeOf } from '../data-types.ts';
import { Unknown } from '../entry.ts';
import { computation, constant, type Outcome, shaped } from '../outcome.ts';

/** What a node does whose result's shape only data decide: the shape that the file states holds, else an assumed one. */
type DataDependentRule = (call: Call, stated: Shape | undefined) => Outcome;

/** Result [rank, found]. */
const nonZero: DataDependentRule = (call, stated) => {
  const input = call.shape(0);
  const found = (): number => call.assumptions.size('nonzero', elementCount(input));
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
  if (values === undefined || axis === undefined) return values && new Set(values).size;
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

/** Of every axis whose bounds are computed the same number of elements, wherever they begin. */
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
  const first = call.shape(1).length === 0 ? 1 : call.shape(1)[0]!;
  const axes = call.has(3) ? call.values(3) : Array.from({ length: first }, (_, axis) => axis);
  const sliced = new Set(axes.map((axis) => (axis < 0 ? axis + input.length : axis)));
  const extents = input.filter((_, axis) => sliced.has(axis));
  const size = call.assumptions.size('topk', Math.max(...extents));
  return input.map((extent, axis) => (sliced.has(axis) ? Math.min(size, extent) : extent));
}

/** The first axis that is new, or 1 so far, is the one that grows. */
const expand: DataDependentRule = (call, stated) => {
  const input = call.shape(0);
  const shape = stated ?? broadcastShapes(input, assumedTarget(call, input));
  return computation('expand', { shape }, { inputs: [0] });
};

function assumedTarget(call: Call, input: Shape): Shape {
  const target = new Array<number>(call.shape(1)[0] ?? 0).fill(1);
  const added = target.length - input.length;
  const grown = target.findIndex((_, axis) => axis < added || input[axis - added] === 1);
  return grown < 0 ? target : target.with(grown, call.assumptions.size('topk'));
}

const constantOfShape: DataDependentRule = (call, stated) => {
  const { dataType } = call.tensor('value') ?? {};
  const list = (): Shape => asList(call, 0, () => call.assumptions.size('topk'));
  return constant(dataType == null ? 'float32' : dataTypeOf(dataType), stated ?? list(), undefined);
};

const reshape: DataDependentRule = (call, stated) => {
  const shape = stated ?? asList(call, 1, () => elementCount(call.shape(0)));
  return computation('reshape', { shape }, { inputs: [0] });
};

/** @throws Unknown if a computed shape has several axes: how the elements are spread over them nothing says */
function asList(call: Call, index: number, length: () => number): Shape {
  if (call.shape(index)[0] === 1) return [length()];
  throw new Unknown('the shape of its output is computed from data');
}

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
]);

/** The rule for an op of the standard domain where the values that decide its result's shape are not known. */
export function findDataDependentRule(op: string, domain: string): DataDependentRule | undefined {
  return domain === '' ? RULES.get(op) : undefined;
}
