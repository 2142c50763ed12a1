import {
  elementCount,
  type Layout,
  matMulShape,
  NnMeterError,
  normalizeAxis,
  type Shape,
  samePads,
  windowExtent,
} from '@nnmeter/ir';
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

/** Output extents and explicit pads of a sliding window under TensorFlow's padding rules. */
export function slide(
  context: OpContext,
  kernelShape: readonly number[],
  strideList: readonly number[] = context.integers('strides'),
): { strides: number[]; dilations: number[]; pads: number[]; extents: number[] } {
  const { spatial } = imageAxes(context);
  const input = context.shape(0);
  const dilationList = context.integers('dilations');
  const padding = context.text('padding', 'VALID');
  const explicit = context.integers('explicit_paddings');
  const strides = spatial.map((axis) => strideList[axis] ?? 1);
  const dilations = spatial.map((axis) => dilationList[axis] ?? 1);
  const begins: number[] = [];
  const ends: number[] = [];
  const extents = spatial.map((axis, index) => {
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
    return windowExtent(input[axis]!, { ...window, padBegin, padEnd });
  });
  return { strides, dilations, pads: [...begins, ...ends], extents };
}

/** Puts spatial extents and channels where the layout has them. */
export function imageShape(
  context: OpContext,
  extents: readonly number[],
  channels: number,
): Shape {
  const axes = imageAxes(context);
  const shape = [...context.shape(0)];
  axes.spatial.forEach((axis, index) => {
    shape[axis] = extents[index]!;
  });
  shape[axes.channels] = channels;
  return shape;
}

function convolution(context: OpContext, depthwise: boolean) {
  const axes = imageAxes(context);
  const input = context.shape(0);
  const filter = context.shape(1);
  const spatialRank = axes.spatial.length;
  if (filter.length !== spatialRank + 2) {
    throw new NnMeterError(
      'E_SHAPE',
      `filter [${filter.join(', ')}] does not fit the input [${input.join(', ')}]`,
    );
  }
  const kernelShape = filter.slice(0, spatialRank);
  const { extents, ...window } = slide(context, kernelShape);
  const inputChannels = input[axes.channels]!;
  const [filterInput = 1, filterOutput = 1] = filter.slice(spatialRank);
  const outputChannels = depthwise ? filterInput * filterOutput : filterOutput;
  const group = depthwise ? inputChannels : inputChannels / filterInput;
  if (!Number.isInteger(group) || (depthwise && filterInput !== inputChannels)) {
    throw new NnMeterError(
      'E_SHAPE',
      `filter [${filter.join(', ')}] does not fit ${inputChannels} input channels`,
    );
  }
  const isDepthwise = group > 1 && group === inputChannels;
  const weightLayout: Layout = depthwise ? 'HWCM' : spatialRank === 3 ? 'DHWIO' : 'HWIO';
  return node(
    isDepthwise ? 'dwconv' : 'conv',
    { kernelShape, ...window, group },
    imageShape(context, extents, outputChannels),
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
  return node(
    'convtranspose',
    {
      kernelShape,
      strides,
      pads: [...pads.map(([begin]) => begin), ...pads.map(([, end]) => end)],
      dilations: spatial.map(() => 1),
      group: 1,
      outputPadding: spatial.map(() => 0),
    },
    sizes,
    { operands: [2, 1], layout: format as Layout },
  );
}

function matrixProduct(context: OpContext, transposeA: boolean, transposeB: boolean) {
  const swap = (shape: Shape, transpose: boolean): Shape =>
    transpose && shape.length > 1 ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
  const shape = matMulShape(swap(context.shape(0), transposeA), swap(context.shape(1), transposeB));
  const isWeight = context.inputs[1]!.kind === 'constant' && context.shape(1).length === 2;
  return node(isWeight ? 'fc' : 'matmul', { transposeA, transposeB }, shape, {
    operands: [0, 1],
    ...(isWeight ? { constantLayouts: { 1: transposeB ? 'OI' : 'IO' } } : {}),
    layout: undefined,
  });
}

/** Shape of an einsum by its labels; an ellipsis stands for the axes its operand has beyond the labels. */
function einsum(context: OpContext) {
  const equation = context.text('equation', '').replaceAll(' ', '');
  const [left = '', right = ''] = equation.split('->');
  const extents = new Map<string, number>();
  let ellipsis: readonly number[] = [];
  left.split(',').forEach((labels, index) => {
    const shape = context.shape(index);
    const [before = '', after] = labels.split('...');
    for (const [axis, label] of [...before].entries()) extents.set(label, shape[axis] ?? 1);
    if (after === undefined) return;
    ellipsis = shape.slice(before.length, shape.length - after.length);
    for (const [axis, label] of [...after].entries()) {
      extents.set(label, shape[normalizeAxis(axis - after.length, shape.length)]!);
    }
  });
  const shape: number[] = [];
  const [before = '', after] = right.split('...');
  for (const label of before) shape.push(extents.get(label) ?? 1);
  if (after !== undefined)
    shape.push(...ellipsis, ...[...after].map((label) => extents.get(label) ?? 1));
  if (elementCount(shape) > Number.MAX_SAFE_INTEGER)
    throw new NnMeterError('E_SHAPE', `the result of ${equation} is too large`);
  return node('einsum', { equation }, shape, { layout: undefined });
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
