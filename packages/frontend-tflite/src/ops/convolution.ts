import { type Layout, type Shape, samePads, transposedWindowExtent } from '@nnmeter/ir';
import { type OptionsOf, PADDING } from '@nnmeter/tflite-schema';
import type { Call } from '../call.ts';
import type { Value } from '../value.ts';
import { activated } from './activation.ts';
import { plain, row, type TfLiteOp } from './rule.ts';

/** Pads of a window over an image with channels last, all begins, then all ends. */
export function windowPads(
  sides: readonly number[],
  kernelShape: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  padding: number,
): number[] {
  const pads = sides.map((side, axis) =>
    padding === PADDING.VALID
      ? ([0, 0] as const)
      : samePads(side, {
          kernel: kernelShape[axis]!,
          stride: strides[axis]!,
          dilation: dilations[axis]!,
        }),
  );
  return [...pads.map(([begin]) => begin), ...pads.map(([, end]) => end)];
}

/** A weight with what its axes mean. */
function weight(call: Call, index: number, layout: Layout): Value {
  const value = call.input(index);
  value.layout = layout;
  return value;
}

type Window2d = OptionsOf<'CONV_2D'>;

function stridesOf({ strideHeight, strideWidth }: Pick<Window2d, 'strideHeight' | 'strideWidth'>) {
  return [strideHeight, strideWidth];
}

/** Inputs: image, filter [out, height, width, in per group], or depthwise [1, height, width, out], bias. */
function convolution(call: Call, window: Window2d, depthwise: boolean): readonly Value[] {
  const [, height = 1, width = 1, channels = 1] = call.shape(0);
  const filter = call.shape(1);
  const kernelShape = filter.slice(1, 3);
  const strides = stridesOf(window);
  const dilations = [window.dilationHeight, window.dilationWidth];
  const pads = windowPads([height, width], kernelShape, strides, dilations, window.padding);
  const group = depthwise ? channels : channels / filter[3]!;
  const result = call.one(
    group > 1 && group === channels ? 'dwconv' : 'conv',
    { kernelShape, strides, pads, dilations, group },
    [call.input(0), weight(call, 1, depthwise ? 'IHWO' : 'OHWI'), call.inputs[2]],
    { layout: 'NHWC' },
  );
  return activated(call, result, window.activation);
}

function window3d(window: OptionsOf<'CONV_3D'>) {
  return {
    strides: [window.strideDepth, window.strideHeight, window.strideWidth],
    dilations: [window.dilationDepth, window.dilationHeight, window.dilationWidth],
    padding: window.padding,
  };
}

/** Inputs: image, filter [depth, height, width, in per group, out], bias. */
function convolution3d(call: Call, window: OptionsOf<'CONV_3D'>): readonly Value[] {
  const [, depth = 1, height = 1, width = 1, channels = 1] = call.shape(0);
  const filter = call.shape(1);
  const kernelShape = filter.slice(0, 3);
  const { strides, dilations, padding } = window3d(window);
  const pads = windowPads([depth, height, width], kernelShape, strides, dilations, padding);
  const result = call.one(
    'conv',
    { kernelShape, strides, pads, dilations, group: channels / filter[3]! },
    [call.input(0), weight(call, 1, 'DHWIO'), call.inputs[2]],
    { layout: 'NDHWC' },
  );
  return activated(call, result, window.activation);
}

interface TransposedWindow {
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: number;
}

/** @param shape of the result; a forward convolution rounds down, and what it left out comes back as padding */
function transposedConvolution(
  call: Call,
  operands: readonly [image: Value, filter: Value, bias: Value | undefined],
  { padding, ...window }: TransposedWindow,
  shape: Shape,
): Value {
  const { kernelShape, strides, dilations } = window;
  const [image] = operands;
  const sides = shape.slice(1, -1);
  const pads = windowPads(sides, kernelShape, strides, dilations, padding);
  const outputPadding = sides.map((side, axis) => {
    const extent = transposedWindowExtent(image.shape?.[axis + 1] ?? 1, {
      kernel: kernelShape[axis]!,
      stride: strides[axis]!,
      dilation: dilations[axis]!,
      padBegin: pads[axis]!,
      padEnd: pads[sides.length + axis]!,
    });
    return Math.max(0, side - extent);
  });
  const attributes = { ...window, pads, group: 1, outputPadding };
  return call.one('convtranspose', attributes, operands, {
    layout: sides.length === 3 ? 'NDHWC' : 'NHWC',
  });
}

/** The extents of the result, which are an operand; where they are computed, those that the file states. */
function resultShape(call: Call): Shape {
  return call.input(0).values ?? call.statedShape();
}

/** Inputs: extents of the result, filter [out, height, width, in], image, bias. */
function transposed2d(call: Call, window: OptionsOf<'TRANSPOSE_CONV'>): readonly Value[] {
  const kernelShape = call.shape(1).slice(1, 3);
  const result = transposedConvolution(
    call,
    [call.input(2), weight(call, 1, 'OHWI'), call.inputs[3]],
    { kernelShape, strides: stridesOf(window), dilations: [1, 1], padding: window.padding },
    resultShape(call),
  );
  return activated(call, result, window.activation);
}

/** Inputs: extents of the result, filter [depth, height, width, out, in], image, bias. */
function transposed3d(call: Call, window: OptionsOf<'CONV_3D'>): readonly Value[] {
  const kernelShape = call.shape(1).slice(0, 3);
  const result = transposedConvolution(
    call,
    [call.input(2), weight(call, 1, 'DHWIO'), call.inputs[3]],
    { kernelShape, ...window3d(window) },
    resultShape(call),
  );
  return activated(call, result, window.activation);
}

/** A custom op of MediaPipe. Inputs: image, filter, bias; its strides follow from the shapes. */
function transposedWithBias(call: Call): readonly Value[] {
  const shape = call.statedShape();
  const image = call.shape(0);
  const strides = [1, 2].map((axis) => Math.max(1, Math.round(shape[axis]! / image[axis]!)));
  const kernelShape = call.shape(1).slice(1, 3);
  return [
    transposedConvolution(
      call,
      [call.input(0), weight(call, 1, 'OHWI'), call.inputs[2]],
      { kernelShape, strides, dilations: [1, 1], padding: PADDING.SAME },
      shape,
    ),
  ];
}

export const convolutionOps: readonly TfLiteOp[] = [
  row('CONV_2D', (call, window) => convolution(call, window, false)),
  row('DEPTHWISE_CONV_2D', (call, window) => convolution(call, window, true)),
  row('CONV_3D', convolution3d),
  row('TRANSPOSE_CONV', transposed2d),
  row('CONV_3D_TRANSPOSE', transposed3d),
];

export const customConvolutionOps: readonly TfLiteOp[] = [
  plain('Convolution2DTransposeBias', transposedWithBias),
];
