import { NnMeterError } from '../errors.ts';
import type { ShapeAndLayout } from './row.ts';

/** The axis of an image's channels: as its layout says, else the last. */
export function channelAxis({ shape, layout }: ShapeAndLayout): number {
  const axis = layout?.indexOf('C') ?? -1;
  return axis >= 0 ? axis : shape.length - 1;
}

/** All axes of an image but batch and channels. */
export function spatialAxes(data: ShapeAndLayout): number[] {
  const rank = data.shape.length;
  const channels = channelAxis(data);
  const axes: number[] = [];
  for (let axis = 1; axis < rank; axis++) if (axis !== channels) axes.push(axis);
  return axes;
}

export function imageChannels(data: ShapeAndLayout): number {
  return data.shape[channelAxis(data)] ?? 1;
}

export function imageSides(data: ShapeAndLayout): number[] {
  const { shape } = data;
  const channels = channelAxis(data);
  const sides: number[] = [];
  for (let axis = 1; axis < shape.length; axis++) if (axis !== channels) sides.push(shape[axis]!);
  return sides;
}

/** An image with the axis order of another. */
export function imageLike(
  like: ShapeAndLayout,
  sides: readonly number[],
  channels: number,
): ShapeAndLayout {
  const at = channelAxis(like);
  const shape: number[] = [];
  for (let axis = 0, side = 0; axis < sides.length + 2; axis++) {
    shape.push(axis === at ? channels : axis === 0 ? (like.shape[0] ?? 1) : sides[side++]!);
  }
  for (const extent of shape) {
    if (Number.isInteger(extent) && extent >= 0) continue;
    throw new NnMeterError('E_SHAPE', `the result would have the shape [${shape.join(', ')}]`);
  }
  return { shape, layout: like.layout };
}

/** One axis of a sliding window. */
export function windowAlong(
  attributes: {
    readonly kernelShape: readonly number[];
    readonly strides: readonly number[];
    readonly dilations: readonly number[];
    readonly pads: readonly number[];
  },
  axis: number,
) {
  const { kernelShape, strides, dilations, pads } = attributes;
  return {
    kernel: kernelShape[axis] ?? 1,
    stride: strides[axis] ?? 1,
    dilation: dilations[axis] ?? 1,
    padBegin: pads[axis] ?? 0,
    padEnd: pads[kernelShape.length + axis] ?? 0,
  };
}
