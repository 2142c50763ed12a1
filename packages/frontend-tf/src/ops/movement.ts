import {
  elementCount,
  type Layout,
  NnMeterError,
  normalizeAxis,
  reshapeShape,
  type Shape,
} from '@nnmeter/ir';
import {
  constant,
  mostResults,
  node,
  type OpContext,
  type Rows,
  type Rule,
  uncosted,
} from './rule.ts';

function reshaped(shape: Shape) {
  return node('reshape', { shape }, { operands: [0] });
}

function squeeze(context: OpContext) {
  const shape = context.shape(0);
  const listed = [...context.integers('squeeze_dims'), ...context.integers('axis')];
  const axes = new Set(listed.map((axis) => normalizeAxis(axis, shape.length)));
  return reshaped(shape.filter((extent, axis) => (axes.size > 0 ? !axes.has(axis) : extent !== 1)));
}

function expandDims(context: OpContext) {
  const shape = [...context.shape(0)];
  shape.splice(normalizeAxis(context.value(1), shape.length + 1), 0, 1);
  return reshaped(shape);
}

/** ConcatV2 has its axis as the last input, Concat as the first. */
function concat(context: OpContext) {
  const last = context.inputs.length - 1;
  const isFirst = context.op === 'Concat';
  const operands = context.inputs
    .map((_, index) => index)
    .slice(isFirst ? 1 : 0, isFirst ? undefined : last);
  const rank = context.shape(operands[0] ?? 0).length;
  const axis = normalizeAxis(context.value(isFirst ? 0 : last), rank);
  return node('concat', { axis }, { operands });
}

function split(
  input: number,
  axisInput: number,
  sizesOf: (context: OpContext, extent: number) => readonly number[],
): Rule {
  return (context) => {
    const shape = context.shape(input);
    const axis = normalizeAxis(context.value(axisInput), shape.length);
    if (shape.length === 0) throw new NnMeterError('E_SHAPE', 'a scalar cannot be split');
    const sizes = sizesOf(context, shape[axis]!);
    return node('split', { axis, sizes }, { operands: [input] });
  };
}

/** Each part is a result of the node. @throws NnMeterError E_LIMIT */
function checkParts(count: number): void {
  if (count <= mostResults) return;
  throw new NnMeterError(
    'E_LIMIT',
    `it takes a tensor apart into ${count.toLocaleString('en')} parts; at most ${mostResults.toLocaleString('en')} are read`,
  );
}

function evenSizes(context: OpContext, extent: number): readonly number[] {
  const count = context.integer('num_split', 1);
  if (count < 1 || extent % count !== 0) {
    throw new NnMeterError('E_SHAPE', `${extent} does not split into ${count} equal parts`);
  }
  checkParts(count);
  return new Array<number>(count).fill(extent / count);
}

function givenSizes(context: OpContext, extent: number): readonly number[] {
  const sizes = context.values(1);
  const known = sizes.reduce((sum, size) => sum + Math.max(size, 0), 0);
  return sizes.map((size) => (size < 0 ? extent - known : size));
}

/** Takes each index of an axis as one output. */
function unpack(context: OpContext) {
  const shape = context.shape(0);
  const axis = normalizeAxis(context.integer('axis', 0), shape.length);
  const rest = shape.filter((_, index) => index !== axis);
  const count = shape[axis]!;
  checkParts(count);
  const shapes = new Array<Shape>(count).fill(rest);
  return node('split', { axis, sizes: new Array<number>(count).fill(1) }, { shapes });
}

function pack(context: OpContext) {
  const shape = [...context.shape(0)];
  const axis = normalizeAxis(context.integer('axis', 0), shape.length + 1);
  shape.splice(axis, 0, context.inputs.length);
  return node('concat', { axis }, { shapes: [shape] });
}

function pad(context: OpContext) {
  const input = context.shape(0);
  const amounts = context.values(1);
  const begins = input.map((_, axis) => amounts[2 * axis] ?? 0);
  const ends = input.map((_, axis) => amounts[2 * axis + 1] ?? 0);
  const mode =
    context.op === 'MirrorPad' ? context.text('mode', 'REFLECT').toLowerCase() : 'constant';
  return node('pad', { pads: [...begins, ...ends], mode }, { operands: [0] });
}

function transpose(context: OpContext) {
  return node('transpose', { perm: context.values(1) }, { operands: [0] });
}

function resize(mode: string): Rule {
  return (context) => {
    const [batch, , , channels] = context.shape(0);
    const sizes = [batch!, ...context.values(1), channels!];
    return node('resize', { mode, sizes }, { operands: [0], layout: 'NHWC' });
  };
}

function blocks(op: 'depthtospace' | 'spacetodepth'): Rule {
  return (context) =>
    node(
      op,
      { blockSize: context.integer('block_size', 1) },
      { layout: context.text('data_format', 'NHWC') as Layout },
    );
}

function channelsLast(sides: number): Layout {
  return sides === 1 ? 'NWC' : sides === 3 ? 'NDHWC' : 'NHWC';
}

/**
 * Dilated convolutions of TensorFlow 1 are bracketed by these. Blocks and margins are given for the first spatial axes, margins
 * as [begin, end] of each.
 */
function toBlocks(
  context: OpContext,
  isToBatch: boolean,
  block: readonly number[],
  margins: readonly number[],
) {
  const sides = [...context.shape(0).slice(2).keys()];
  const blockShape = sides.map((side) => block[side] ?? 1);
  const ends = [0, 1].flatMap((end) => sides.map((side) => margins[2 * side + end] ?? 0));
  const options = { operands: [0], layout: channelsLast(sides.length) };
  return isToBatch
    ? node('spacetobatch', { blockShape, pads: ends }, options)
    : node('batchtospace', { blockShape, crops: ends }, options);
}

function batchAndSpace(isToBatch: boolean): Rule {
  return (context) => toBlocks(context, isToBatch, context.values(1), context.values(2));
}

function tile(context: OpContext) {
  return node('tile', { repeats: context.values(1) }, { operands: [0] });
}

function topK(context: OpContext) {
  const axis = context.shape(0).length - 1;
  const k =
    context.op === 'TopK'
      ? context.integer('k', 1)
      : (context.inputs[1]?.values?.[0] ??
        context.assumptions.size('topk', context.shape(0)[axis]));
  return node('topk', { axis, k }, { operands: [0] });
}

/** The number of boxes kept depends on the data, unless they are filled up to the most that may be. */
function suppression(...others: readonly ('scores' | 'count')[]): Rule {
  return (context) => {
    const most = context.inputs[2]?.values?.[0] ?? context.shape(0)[0];
    const isFilled = context.flag('pad_to_max_output_size') && most !== undefined;
    const kept = isFilled ? most : context.assumptions.size('nonmaxsuppression', most);
    const shapes = others.map((other) => (other === 'scores' ? [kept] : []));
    return node('nonmaxsuppression', {}, { operands: [0, 1], shapes: [[kept], ...shapes] });
  };
}

/** The places of what is not zero, [found, rank]. */
function places(context: OpContext) {
  const shape = context.shape(0);
  const found = context.assumptions.size('nonzero', elementCount(shape));
  return node('nonzero', {}, { operands: [0], shapes: [[found, shape.length]] });
}

/** Distinct values, or slices of an axis; every value has the place of its own. */
function unique(context: OpContext) {
  const shape = context.shape(0);
  const [axis = 0] = context.op.includes('V2') ? (context.inputs[1]?.values ?? []) : [];
  const at = normalizeAxis(axis, shape.length);
  const extent = shape[at]!;
  const count = context.assumptions.size('unique', extent);
  const counts = context.op.includes('Counts') ? [[count]] : [];
  return node(
    'unique',
    {},
    { operands: [0], shapes: [shape.with(at, count), [extent], ...counts] },
  );
}

/** Boxes [batch, boxes, classes or 1, 4] and scores [batch, boxes, classes]; an image keeps as many as it may. */
function combinedSuppression(context: OpContext) {
  const [batch, , classes] = context.shape(1);
  const [perClass, total] = [context.value(2), context.value(3)];
  const kept = context.flag('pad_per_class') ? Math.min(total, perClass * classes!) : total;
  const shapes = [[batch!, kept, 4], [batch!, kept], [batch!, kept], [batch!]];
  return node('nonmaxsuppression', {}, { operands: [0, 1], shapes });
}

/** Regions of images, [boxes, height, width, channels]. */
function cropAndResize(context: OpContext) {
  const [boxes] = context.shape(1);
  const mode = context.text('method', 'bilinear') === 'nearest' ? 'nearest' : 'linear';
  const shape = [boxes!, ...context.values(3), context.shape(0)[3]!];
  return node('resize', { mode }, { operands: [0], shapes: [shape], layout: 'NHWC' });
}

/** Images seen from elsewhere, of the size that the third input says. */
function transformed(context: OpContext) {
  const [batch, , , channels] = context.shape(0);
  const sizes = [batch!, ...context.values(2), channels!];
  return node('resize', { mode: 'linear', sizes }, { operands: [0], layout: 'NHWC' });
}

/** Indices, updates, shape. */
function scatterInto(context: OpContext) {
  return node('scatter', {}, { operands: [1, 0], shapes: [context.values(2)] });
}

/** Rows into the places that constant indices say: the indices of each operand, then the operands. */
function stitch(context: OpContext) {
  const count = context.inputs.length / 2;
  const operands = Array.from({ length: count }, (_, index) => count + index);
  const places = operands.flatMap((_, index) => context.values(index));
  const rest = context.shape(count).slice(context.shape(0).length);
  return node(
    'concat',
    { axis: 0 },
    { operands, shapes: [[Math.max(-1, ...places) + 1, ...rest]] },
  );
}

/** Sums of rows that belong together; as many as a third input says, or the last index. */
function segments(context: OpContext) {
  const ids = context.shape(1);
  const count = context.inputs.length > 2 ? context.value(2) : context.values(1).at(-1)! + 1;
  const shape = [count, ...context.shape(0).slice(ids.length)];
  return node('scatter', {}, { operands: [0, 1], shapes: [shape] });
}

/** Matrices of which the operand is the main diagonal; other diagonals are not known. */
function diagonal(context: OpContext) {
  const shape = context.shape(0);
  const place = context.inputs[1]?.values ?? [0];
  if (place.some((offset) => offset !== 0)) return uncosted(undefined);
  return node('scatter', {}, { operands: [0], shapes: [[...shape, shape.at(-1) ?? 1]] });
}

function diagonalOf(context: OpContext) {
  const shape = context.shape(0);
  const place = context.inputs[1]?.values ?? [0];
  if (place.some((offset) => offset !== 0)) return uncosted(undefined);
  const side = Math.min(shape.at(-1) ?? 1, shape.at(-2) ?? 1);
  return node('gather', { axis: 0 }, { operands: [0], shapes: [[...shape.slice(0, -2), side]] });
}

const sameShape = (op: 'roll' | 'reversesequence' | 'trilu'): Rule => {
  return () => node(op, {}, { operands: [0] });
};

function changeBlocks(isToBatch: boolean): Rule {
  return (context) => {
    const side = context.integer('block_size', 1);
    return toBlocks(context, isToBatch, [side, side], context.values(1));
  };
}

/** Tensors of a list, which are the inputs here, side by side along a new first axis. */
function stackList(context: OpContext) {
  const shape = [context.inputs.length, ...context.shape(0)];
  return node('concat', { axis: 0 }, { shapes: [shape] });
}

/** Ops that only rename axes. */
export const reshapeRows: Rows = [
  ['Reshape', (context) => reshaped(reshapeShape(context.shape(0), context.values(1), false))],
  ['Squeeze', squeeze],
  ['ExpandDims', expandDims],
];

export const movementRows: Rows = [
  ['ConcatV2 Concat', concat],
  ['Split', split(1, 0, evenSizes)],
  ['SplitV', split(0, 2, givenSizes)],
  ['Unpack', unpack],
  ['Pack', pack],
  ['Pad PadV2 MirrorPad', pad],
  ['Transpose ConjugateTranspose', transpose],
  ['Tile', tile],
  ['BroadcastTo', (context) => node('expand', { shape: context.values(1) }, { operands: [0] })],
  [
    'ReverseV2',
    (context) => node('transpose', { perm: [...context.shape(0).keys()] }, { operands: [0] }),
  ],
  ['ResizeBilinear', resize('linear')],
  ['ResizeNearestNeighbor', resize('nearest')],
  ['ResizeBicubic', resize('cubic')],
  ['ResizeArea', resize('area')],
  ['DepthToSpace', blocks('depthtospace')],
  ['SpaceToDepth', blocks('spacetodepth')],
  ['SpaceToBatchND', batchAndSpace(true)],
  ['BatchToSpaceND', batchAndSpace(false)],
  ['SpaceToBatch', changeBlocks(true)],
  ['BatchToSpace', changeBlocks(false)],
  [
    'Cumsum Cumprod CumulativeLogsumexp',
    (context) =>
      node(
        'cumsum',
        { axis: normalizeAxis(context.value(1), context.shape(0).length) },
        { operands: [0] },
      ),
  ],
  [
    'OneHot',
    (context) =>
      node('onehot', { axis: context.shape(0).length, depth: context.value(1) }, { operands: [0] }),
  ],
  ['TopK TopKV2', topK],
  ['NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3', suppression()],
  ['NonMaxSuppressionWithOverlaps', suppression()],
  ['NonMaxSuppressionV4', suppression('count')],
  ['NonMaxSuppressionV5', suppression('scores', 'count')],
  ['CombinedNonMaxSuppression', combinedSuppression],
  ['Where', places],
  ['Unique UniqueV2 UniqueWithCounts UniqueWithCountsV2', unique],
  ['CropAndResize', cropAndResize],
  ['ScaleAndTranslate', resize('linear')],
  ['ImageProjectiveTransformV2 ImageProjectiveTransformV3', transformed],
  ['ScatterNd', scatterInto],
  [
    'SparseToDense',
    (context) => node('scatter', {}, { operands: [2, 0], shapes: [context.values(1)] }),
  ],
  ['DynamicStitch ParallelDynamicStitch', stitch],
  [
    'TensorScatterUpdate TensorScatterAdd TensorScatterSub TensorScatterMin TensorScatterMax MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3',
    () => node('scatter', {}, { operands: [0, 1] }),
  ],
  [
    'SegmentSum SegmentMean SegmentMax SegmentMin SegmentProd SegmentSumV2 SegmentMaxV2 SegmentMinV2 SegmentProdV2 UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd',
    segments,
  ],
  ['MatrixDiag MatrixDiagV2 MatrixDiagV3', diagonal],
  ['MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3', diagonalOf],
  ['MatrixBandPart BatchMatrixBandPart', sameShape('trilu')],
  ['Roll', sameShape('roll')],
  ['ReverseSequence', sameShape('reversesequence')],
  ['RandomShuffle', (context) => node('gather', { axis: 0 }, { shapes: [context.shape(0)] })],
  ['TensorListGetItem TensorArrayReadV3', () => node('gather', { axis: 0 })],
  ['TensorListStack TensorListGather TensorArrayGatherV3', stackList],
  ['TensorListConcat TensorListConcatV2 TensorArrayConcatV3', () => node('concat', { axis: 0 })],
  [
    'Cast Bitcast',
    (context) =>
      elementCount(context.shape(0)) === 0
        ? constant(context.shape(0))
        : node('cast', { to: context.outputType }),
  ],
];
