import { NnMeterError, quote } from './errors.ts';
import type { Tensor } from './tensor.ts';

/** Which axis of the tensor comes at each place once channels are last; undefined where nothing moves. */
export function channelsLastOrder(tensor: Tensor): readonly number[] | undefined {
  const { layout, shape } = tensor;
  const movable = layout?.startsWith('NC') && layout.length === shape?.length;
  return movable ? [0, ...shape.slice(2).map((_, side) => side + 2), 1] : undefined;
}

/**
 * The shape with channels last, for reports: [1, 64, 56, 56] with layout NCHW becomes [1, 56, 56, 64]; shapes without
 * image meaning, and those with channels last already, stay.
 * @throws NnMeterError E_SHAPE if the tensor has no shape.
 */
export function channelsLastShape(tensor: Tensor): number[] {
  const { shape } = tensor;
  if (shape === undefined) {
    throw new NnMeterError('E_SHAPE', `the shape of tensor ${quote(tensor.name)} is unknown`);
  }
  return channelsLastOrder(tensor)?.map((axis) => shape[axis]!) ?? [...shape];
}
