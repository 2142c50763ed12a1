import { type Layout, NnMeterError, samePads, transposedWindowExtent } from '@nnmeter/ir';
import { node, type OpContext, type Rows } from './rule.ts';

/** Positions of batch, channels and spatial axes in `data_format` (NHWC unless said). */
export function imageAxes(context: OpContext): {
  layout: Layout;
  channels: number;
  spatial: readonly number[];
} {
  const rank = context.shape(0).length;
  const format = context.text('data_format', rank === 5 ? 'NDHWC' : 'NHWC');
  const layout = (format.length === rank ? format : rank === 5 ? 'NDHWC' : 'NHWC') as Layout;
  const spatial = [...layout].flatMap((letter, axis) =>
    letter === 'N' || letter === 'C' ? [] : [axis],
  );
  return { layout, channels: layout.indexOf('C'), spatial };
}

/**
 * Strides, dilations and explicit pads of a sliding window under TensorFlow's padding rules.
 * @param rates dilations along the sides, where they are not in `dilations`
 */
export function slidingWindow(
  context: OpContext,
  kernelShape: readonly number[],
  strideList: readonly number[] = context.integers('strides'),
  rates?: readonly number[],
): { strides: readonly number[]; dilations: readonly number[]; pads: readonly number[] } {
  const { spatial } = imageAxes(context);
  const input = context.shape(0);
  const dilationList = context.integers('dilations');
  const padding = context.text('padding', 'VALID');
  const explicit = context.integers('explicit_paddings');
  const strides = spatial.map((axis) => strideList[axis] ?? 1);
  const dilations = rates ?? spatial.map((axis) => dilationList[axis] ?? 1);
  const begins: number[] = [];
  const ends: number[] = [];
  for (const [index, axis] of spatial.entries()) {
    const window = {
      kernel: kernelShape[index]!,
      stride: strides[index]!,
      dilation: dilations[index]!,
    };
    const [padBegin, padEnd] =
      padding === 'SAME'
        ? samePads(input[axis]!, window)
        : padding === 'EXPLICIT'
          ? [explicit[2 * axis] ?? 0, explicit[2 * axis + 1] ?? 0]
          : [0, 0];
    begins.push(padBegin);
    ends.push(padEnd);
  }
  return { strides, dilations, pads: [...begins, ...ends] };
}

function convolution(context: OpContext, depthwise: boolean) {
  const axes = imageAxes(context);
  const input = context.shape(0);
  const filter = context.shape(1);
  const spatialRank = axes.spatial.length;
  if (filter.length !== spatialRank + 2 || filter.length !== input.length) {
    throw new NnMeterError(
      'E_SHAPE',
      `filter [${filter.join(', ')}] does not fit the input [${input.join(', ')}]`,
    );
  }
  const kernelShape = filter.slice(0, spatialRank);
  const window = slidingWindow(context, kernelShape);
  const channels = input[axes.channels]!;
  const group = depthwise ? channels : channels / filter[spatialRank]!;
  const weightLayout: Layout = depthwise ? 'HWCM' : spatialRank === 3 ? 'DHWIO' : 'HWIO';
  return node(
    group > 1 && group === channels ? 'dwconv' : 'conv',
    { kernelShape, ...window, group },
    { operands: [0, 1], constantLayouts: { 1: weightLayout }, layout: axes.layout },
  );
}

/** Inputs: output sizes, filter [kh, kw, out, in], gradient. */
function transposed(context: OpContext) {
  const sizes = context.values(0);
  const filter = context.shape(1);
  const rank = sizes.length;
  const format = context.text('data_format', rank === 5 ? 'NDHWC' : 'NHWC');
  const spatial = [...format].flatMap((letter, axis) =>
    letter === 'N' || letter === 'C' ? [] : [axis],
  );
  const strideList = context.integers('strides');
  const kernelShape = filter.slice(0, spatial.length);
  const strides = spatial.map((axis) => strideList[axis] ?? 1);
  const pads = spatial.map((axis, index) =>
    context.text('padding', 'VALID') === 'SAME'
      ? samePads(sizes[axis]!, { kernel: kernelShape[index]!, stride: strides[index]! })
      : ([0, 0] as const),
  );
  /** A forward convolution rounds down; what it left out comes back as padding. */
  const outputPadding = spatial.map((axis, index) => {
    const extent = context.inputs[2]?.shape?.[axis];
    if (extent === undefined) return 0;
    const [padBegin, padEnd] = pads[index]!;
    const window = { kernel: kernelShape[index]!, stride: strides[index]!, padBegin, padEnd };
    return Math.max(0, sizes[axis]! - transposedWindowExtent(extent, window));
  });
  return node(
    'convtranspose',
    {
      kernelShape,
      strides,
      pads: [...pads.map(([begin]) => begin), ...pads.map(([, end]) => end)],
      dilations: spatial.map(() => 1),
      group: 1,
      outputPadding,
    },
    { operands: [2, 1], layout: format as Layout, shapes: [sizes] },
  );
}

function matrixProduct(context: OpContext, transposeA: boolean, transposeB: boolean) {
  const isWeight = context.inputs[1]?.kind === 'constant' && context.shape(1).length === 2;
  return node(
    isWeight ? 'fc' : 'matmul',
    { transposeA, transposeB },
    {
      operands: [0, 1],
      ...(isWeight ? { constantLayouts: { 1: transposeB ? 'OI' : 'IO' } } : {}),
    },
  );
}

function einsum(context: OpContext) {
  return node('einsum', { equation: context.text('equation', '').replaceAll(' ', '') });
}

export const convolutionRows: Rows = [
  ['Conv2D Conv3D', (context) => convolution(context, false)],
  ['DepthwiseConv2dNative', (context) => convolution(context, true)],
  ['Conv2DBackpropInput Conv3DBackpropInputV2', transposed],
  [
    'MatMul',
    (context) => matrixProduct(context, context.flag('transpose_a'), context.flag('transpose_b')),
  ],
  [
    'BatchMatMul BatchMatMulV2 BatchMatMulV3',
    (context) => matrixProduct(context, context.flag('adj_x'), context.flag('adj_y')),
  ],
  ['Einsum', einsum],
];
