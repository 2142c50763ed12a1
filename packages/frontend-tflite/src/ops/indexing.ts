import { NnMeterError, normalizeAxis, type Shape, sliceExtent } from '@nnmeter/ir';
import type { OptionsOf } from '@nnmeter/tflite-schema';
import type { Call } from '../call.ts';
import { Value } from '../value.ts';
import { plain, row, type TfLiteOp } from './rule.ts';

type Masks = OptionsOf<'STRIDED_SLICE'>;

const hasBit = (mask: number, index: number): boolean => ((mask >> index) & 1) === 1;

/** NumPy's indexing: slices, single indices that drop their axis, new axes, and an ellipsis. */
function stridedSlice(call: Call, masks: Masks): Value {
  const input = call.shape(0);
  const [begin, end, strides] = [call.values(1), call.values(2), call.values(3)];
  const starts: number[] = [];
  const ends: number[] = [];
  const axes: number[] = [];
  const steps: number[] = [];
  const shape: number[] = [];
  let axis = 0;
  for (const [index, first] of begin.entries()) {
    if (hasBit(masks.ellipsisMask, index)) {
      const later = begin.length - index - 1;
      const added = begin.filter((_, at) => at > index && hasBit(masks.newAxisMask, at)).length;
      while (axis < input.length - later + added) shape.push(input[axis++]!);
      continue;
    }
    if (hasBit(masks.newAxisMask, index)) {
      shape.push(1);
      continue;
    }
    const extent = input[axis];
    const step = strides[index]!;
    if (extent === undefined) {
      throw new NnMeterError('E_SHAPE', `the slice has more axes than [${input.join(', ')}]`);
    }
    const isSingle = hasBit(masks.shrinkAxisMask, index);
    const start = hasBit(masks.beginMask, index) && !isSingle ? (step > 0 ? 0 : extent - 1) : first;
    const last = masks.endIsOffset === 0 ? end[index]! : first + end[index]!;
    const stop = hasBit(masks.endMask, index) ? (step > 0 ? extent : -extent - 1) : last;
    starts.push(start);
    ends.push(isSingle ? (start === -1 ? extent : start + 1) : stop);
    axes.push(axis++);
    steps.push(isSingle ? 1 : step);
    if (!isSingle) shape.push(sliceExtent(extent, start, stop, step));
  }
  const result = [...shape, ...input.slice(axis)];
  const sliced = call.one('slice', { starts, ends, axes, steps }, [call.input(0)]);
  return sliced.shape?.join() === result.join() ? sliced : call.reshape(sliced, result);
}

/** Inputs: data, begins, sizes of which -1 is the rest; where they are computed the file may state the result. */
function slice(call: Call): Value {
  const input = call.shape(0);
  const data = call.input(0);
  const [begins, sizes] = [call.input(1).values, call.input(2).values];
  const extents = sizes ?? call.statedShape();
  const starts = begins ?? input.map(() => 0);
  const ends = extents.map((size, axis) => (size < 0 ? input[axis]! : size + starts[axis]!));
  const axes = [...input.keys()];
  return call.one('slice', { starts, ends, axes, steps: axes.map(() => 1) }, [data]);
}

function gather(call: Call, { axis, batchAxes }: OptionsOf<'GATHER'>): Value {
  const attributes = {
    axis: normalizeAxis(axis, call.shape(0).length),
    ...(batchAxes !== 0 && { batchAxes }),
  };
  return call.one('gather', attributes, [call.input(0), call.input(1)]);
}

/** Writes updates into zeros of a shape. */
function scattered(call: Call, shape: Shape, indices: Value, updates: Value): readonly Value[] {
  const zeros = new Value('constant', updates.dataType, shape);
  return [call.one('scatter', {}, [zeros, indices, updates])];
}

/** Inputs: indices, updates, extents of the result. */
function scatterNd(call: Call): readonly Value[] {
  const shape = call.input(2).values ?? call.statedShape();
  return scattered(call, shape, call.input(0), call.input(1));
}

/** Sums of the rows of each segment, or their products, or the like. Inputs: rows, the segment of each. */
function segments(call: Call, count: number): readonly Value[] {
  const shape = [count, ...call.shape(0).slice(call.shape(1).length)];
  return scattered(call, shape, call.input(1), call.input(0));
}

/** The segments are in order, so that the last is the last of them. */
function segmentSum(call: Call): readonly Value[] {
  const last = call.input(1).values?.at(-1);
  return segments(call, last === undefined ? call.statedShape()[0]! : last + 1);
}

function unsorted(op: string): TfLiteOp {
  return plain(op, (call) => segments(call, call.integer(2)));
}

export const indexingOps: readonly TfLiteOp[] = [
  row('STRIDED_SLICE', (call, masks) => [stridedSlice(call, masks)]),
  plain('SLICE', (call) => [slice(call)]),
  row('GATHER', (call, where) => [gather(call, where)]),
  plain('GATHER_ND', (call) => [
    call.one('gather', { axis: 0, indexing: 'nd' }, [call.input(0), call.input(1)]),
  ]),
  /** Inputs: indices, table. */
  plain('EMBEDDING_LOOKUP', (call) => [
    call.one('gather', { axis: 0 }, [call.input(1), call.input(0)]),
  ]),
  /** Inputs: data, updates, where they begin. */
  plain('DYNAMIC_UPDATE_SLICE', (call) => [
    call.one('scatter', {}, [call.input(0), call.input(2), call.input(1)]),
  ]),
  plain('SCATTER_ND', scatterNd),
  plain('SEGMENT_SUM', segmentSum),
  unsorted('UNSORTED_SEGMENT_SUM'),
  unsorted('UNSORTED_SEGMENT_PROD'),
  unsorted('UNSORTED_SEGMENT_MAX'),
  unsorted('UNSORTED_SEGMENT_MIN'),
];
