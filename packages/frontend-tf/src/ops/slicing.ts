import { NnMeterError, normalizeAxis, sliceExtent } from '@nnmeter/ir';
import { node, type OpContext, type Rows } from './rule.ts';

function stridedSlice(context: OpContext) {
  const input = context.shape(0);
  const [begin, end, strides] = [context.values(1), context.values(2), context.values(3)];
  const bit = (name: string, index: number): boolean =>
    ((context.integer(name, 0) >> index) & 1) === 1;
  const attributes = {
    starts: [] as number[],
    ends: [] as number[],
    axes: [] as number[],
    steps: [] as number[],
  };
  // New axes and single indices change the rank, which the canonical op does not.
  const shape: number[] = [];
  let axis = 0;
  for (let index = 0; index < begin.length; index++) {
    if (bit('new_axis_mask', index)) {
      shape.push(1);
      continue;
    }
    if (bit('ellipsis_mask', index)) {
      let remaining = 0;
      for (let later = index + 1; later < begin.length; later++)
        if (!bit('new_axis_mask', later)) remaining++;
      while (axis < input.length - remaining) shape.push(input[axis++]!);
      continue;
    }
    const extent = input[axis];
    if (extent === undefined)
      throw new NnMeterError('E_SHAPE', `the slice has more axes than [${input.join(', ')}]`);
    const step = strides[index]!;
    const isSingle = bit('shrink_axis_mask', index);
    const start =
      bit('begin_mask', index) && !isSingle ? (step > 0 ? 0 : extent - 1) : begin[index]!;
    const stop = bit('end_mask', index) ? (step > 0 ? extent : -extent - 1) : end[index]!;
    attributes.starts.push(start);
    attributes.ends.push(isSingle ? start + 1 : stop);
    attributes.axes.push(axis++);
    attributes.steps.push(isSingle ? 1 : step);
    if (!isSingle) shape.push(sliceExtent(extent, start, stop, step));
  }
  shape.push(...input.slice(axis));
  return node('slice', attributes, { operands: [0], shapes: [shape] });
}

function slice(context: OpContext) {
  const input = context.shape(0);
  const starts = context.values(1);
  const ends = context
    .values(2)
    .map((size, axis) => (size < 0 ? input[axis]! : size + starts[axis]!));
  const attributes = { starts, ends, axes: [...input.keys()], steps: input.map(() => 1) };
  return node('slice', attributes, { operands: [0] });
}

function gather(context: OpContext) {
  const rank = context.shape(0).length;
  const axis = context.inputs.length > 2 ? normalizeAxis(context.value(2), rank) : 0;
  const batchAxes = context.integer('batch_dims', 0);
  return node('gather', { axis, ...(batchAxes !== 0 && { batchAxes }) }, { operands: [0, 1] });
}

function gatherNd() {
  return node('gather', { axis: 0, indexing: 'nd' }, { operands: [0, 1] });
}

export const slicingRows: Rows = [
  ['StridedSlice', stridedSlice],
  ['Slice', slice],
  ['Gather GatherV2 ResourceGather', gather],
  ['GatherNd ResourceGatherNd', gatherNd],
];
