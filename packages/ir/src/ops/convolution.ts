import { NnMeterError } from '../errors.ts';
import { transposedWindowExtent, windowExtent } from '../shape-rules.ts';
import { elementCount, imageDimensions } from '../tensor.ts';
import { stated } from './attribute.ts';
import { imageChannels, imageLike, imageSides, windowAlong } from './image.ts';
import { type MacsRule, row, type ShapeAndLayout, type ShapeRule } from './row.ts';

const window = {
  /** Kernel extent per spatial axis, e.g. [3, 3]. */
  kernelShape: stated('perSide', { onnx: 'kernel_shape' }),
  strides: stated('perSide'),
  /** ONNX order: all begins, then all ends, e.g. [top, left, bottom, right]. */
  pads: stated('padsPerSide'),
  dilations: stated('perSide'),
  /** Number of channel groups; 1 is dense, input channels is depthwise. */
  group: stated('integer'),
};

interface Window {
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

const slides: ShapeRule<Window> = ([data, weight], attributes) => {
  if (weight === undefined) return undefined;
  const { from, to } = weightChannels(weight, attributes.group);
  checkWeight(data!, weight, from, attributes);
  const sides = imageSides(data!).map((extent, axis) =>
    windowExtent(extent, windowAlong(attributes, axis)),
  );
  return [imageLike(data!, sides, to)];
};

/** Output elements x kernel extent x input channels a group. */
const slidingMacs: MacsRule<Window> = ({ kernelShape, group }, [data], result) =>
  (elementCount(result.shape) * elementCount(kernelShape) * channels(data!)) / group;

const shared = { operands: [2, 3], axes: 'image', weighted: true } as const;

export const convolutionOps = {
  conv: row({
    ...shared,
    onnx: ['Conv', 1],
    attributes: window,
    shapes: slides,
    macs: slidingMacs,
    cost: 'conv',
  }),
  /** Convolution with one group per input channel. */
  dwconv: row({
    ...shared,
    onnx: ['Conv', 1],
    attributes: window,
    shapes: slides,
    macs: slidingMacs,
    cost: 'dwconv',
    note: 'one group per input channel',
  }),
  convtranspose: row({
    ...shared,
    onnx: ['ConvTranspose', 1],
    attributes: { ...window, outputPadding: stated('perSide', { onnx: 'output_padding' }) },
    shapes: ([data, weight], attributes) => {
      if (weight === undefined) return undefined;
      const { from, to } = transposedWeightChannels(weight, attributes.group, imageChannels(data!));
      checkWeight(data!, weight, from, attributes);
      const sides = imageSides(data!).map((extent, axis) =>
        transposedWindowExtent(extent, {
          ...windowAlong(attributes, axis),
          outputPadding: attributes.outputPadding[axis] ?? 0,
        }),
      );
      return [imageLike(data!, sides, to)];
    },
    /** Input elements x kernel extent x output channels a group. */
    macs: ({ kernelShape, group }, [data], result) =>
      (elementCount(data!.shape) * elementCount(kernelShape) * channels(result)) / group,
    cost: 'convtranspose',
  }),
};

function channels({ shape, layout }: ShapeAndLayout): number {
  return imageDimensions(shape, layout).channels;
}

/** Channels that a convolution takes and gives. */
interface WeightChannels {
  readonly from: number;
  readonly to: number;
}

/** The axes of a weight with the channels that it takes, and with those that it gives. */
export interface WeightAxes {
  readonly from: number;
  readonly to: number;
}

/**
 * The axes of the channels of a convolution's weight: as its layout says, else the last two, as TensorFlow has them. Those
 * that it takes are those of a group, but for HWCM, which has all, and of those it gives a multiple of each.
 */
export function weightAxes({ shape, layout }: ShapeAndLayout): WeightAxes {
  const output = layout?.indexOf('O') ?? -1;
  return layout === undefined || output < 0
    ? { from: shape.length - 2, to: shape.length - 1 }
    : { from: layout.indexOf('I'), to: output };
}

function weightChannels(weight: ShapeAndLayout, group: number): WeightChannels {
  const axes = weightAxes(weight);
  const from = weight.shape[axes.from] ?? 1;
  const to = weight.shape[axes.to] ?? 1;
  return weight.layout === 'HWCM' ? { from, to: from * to } : { from: from * group, to };
}

/**
 * The same of a transposed convolution, whose weight takes all channels and gives those of a group: the operand's channels
 * come first in ONNX, and in TensorFlow last, which only the operand tells from our own order. TFLite's order is what it
 * says.
 */
export function transposedWeightAxes(
  { shape, layout }: ShapeAndLayout,
  operand: number,
): WeightAxes {
  const last = shape.length - 1;
  if (layout === 'OHWI') return { from: last, to: 0 };
  if (layout?.startsWith('O')) return { from: 0, to: 1 };
  return shape[last - 1] !== operand && shape[last] === operand
    ? { from: last, to: last - 1 }
    : { from: last - 1, to: last };
}

function transposedWeightChannels(
  weight: ShapeAndLayout,
  group: number,
  operand: number,
): WeightChannels {
  const { from, to } = transposedWeightAxes(weight, operand);
  return { from: weight.shape[from] ?? 1, to: (weight.shape[to] ?? 1) * group };
}

function checkWeight(
  data: ShapeAndLayout,
  weight: ShapeAndLayout,
  from: number,
  { group }: Window,
): void {
  const channels = imageChannels(data);
  const groups = group === 1 ? '' : ` in ${group} groups`;
  const shown = `the weight [${weight.shape.join(', ')}]${groups}`;
  const operand = `the operand [${data.shape.join(', ')}]`;
  if (weight.shape.length !== data.shape.length) {
    throw new NnMeterError('E_SHAPE', `${shown} is not of the rank of ${operand}`);
  }
  if (from === channels && group >= 1 && Number.isInteger(group) && channels % group === 0) return;
  throw new NnMeterError('E_SHAPE', `${operand} has ${channels} channels, ${shown} is for ${from}`);
}
