import { NnMeterError } from '../errors.ts';
import { gatherShape, padShape, sliceShape, tileShape } from '../movement-shapes.ts';
import {
  broadcastShapes,
  concatShapes,
  normalizeAxis,
  reshapeShape,
  splitShapes,
  transposeShape,
  windowExtent,
} from '../shape-rules.ts';
import { elementCount, type Layout } from '../tensor.ts';
import { type Attributes, optional, stated } from './attribute.ts';
import { imageChannels, imageLike, imageSides, windowAlong } from './image.ts';
import { type CostKind, likeFirst, type OpRow, row, type ShapeAndLayout } from './row.ts';

const IMAGE_LAYOUTS: readonly Layout[] = ['NCHW', 'NHWC', 'NCW', 'NWC', 'NCDHW', 'NDHWC'];

/** Moves the elements of one tensor; what says where to is an operand in ONNX, an attribute here. */
const move = <const A extends Attributes>(
  onnx: readonly [string, number | null],
  columns: Pick<OpRow<A>, 'attributes' | 'shapes'> & Partial<OpRow<A>>,
) =>
  row<A>({
    onnx,
    operands: [1, 1],
    macs: 'none',
    cost: 'copy' satisfies CostKind,
    axes: 'kept',
    indexOperands: true,
    ...columns,
  });

/** Exchanges blocks of the image for channels. */
const blocks = (onnx: string, toSpace: boolean) =>
  row({
    onnx: [onnx, 1],
    attributes: { blockSize: stated('integer', { onnx: 'blocksize' }) },
    operands: [1, 1],
    shapes: ([data], { blockSize }) => {
      const sides = imageSides(data!);
      if (blockSize < 1 || sides.length === 0) {
        const shape = data!.shape.join(', ');
        throw new NnMeterError('E_SHAPE', `[${shape}] does not divide into blocks of ${blockSize}`);
      }
      const block = blockSize ** sides.length;
      const channels = imageChannels(data!);
      const moved = sides.map((side) => (toSpace ? side * blockSize : side / blockSize));
      return [imageLike(data!, moved, toSpace ? channels / block : channels * block)];
    },
    macs: 'none',
    cost: 'copy',
    axes: 'image',
  });

/** Sides and batch of an image whose blocks become entries of the batch, or the other way. */
function rebatched(
  data: ShapeAndLayout,
  batches: number,
  sides: readonly number[],
): readonly ShapeAndLayout[] {
  const { shape, layout } = imageLike(data, sides, imageChannels(data));
  if (Number.isInteger(batches)) return [{ shape: [batches, ...shape.slice(1)], layout }];
  throw new NnMeterError('E_SHAPE', `the result would have ${batches} batches`);
}

export const movementOps = {
  concat: row({
    onnx: ['Concat', 1],
    attributes: { axis: stated('axis') },
    operands: [1, Number.POSITIVE_INFINITY],
    shapes: (inputs, { axis }) => {
      const shapes = inputs.map((input) => input.shape);
      return [{ shape: concatShapes(shapes, axis), layout: inputs[0]!.layout }];
    },
    macs: 'none',
    cost: 'concat',
    axes: 'kept',
  }),
  split: move(['Split', 1], {
    attributes: {
      axis: stated('axis'),
      /** Extent of each output along the axis. */
      sizes: stated('integers'),
    },
    shapes: ([data], { axis, sizes }) =>
      splitShapes(data!.shape, axis, sizes).map((shape) => ({ shape, layout: data!.layout })),
    cost: 'split',
  }),
  slice: move(['Slice', 1], {
    attributes: {
      starts: stated('integers'),
      ends: stated('integers'),
      axes: stated('axisList'),
      steps: stated('integers'),
    },
    shapes: ([data], slice) => [{ shape: sliceShape(data!.shape, slice), layout: data!.layout }],
  }),
  /** Anything that only renames axes: Reshape, Flatten, Squeeze, Unsqueeze. Moves no data. */
  reshape: move(['Reshape', 1], {
    attributes: {
      /** The resulting shape, all known. */
      shape: stated('shape'),
    },
    shapes: ([data], { shape }) => [{ shape: reshapeShape(data!.shape, shape, false) }],
    cost: 'reshape',
    axes: 'opaque',
    free: true,
    note: 'also Flatten, Squeeze, Unsqueeze',
  }),
  transpose: move(['Transpose', 1], {
    attributes: { perm: stated('permutation') },
    shapes: ([data], { perm }) => {
      const letters = perm.map((axis) => data!.layout?.[axis] ?? '').join('');
      const layout = IMAGE_LAYOUTS.find((known) => known === letters);
      return [{ shape: transposeShape(data!.shape, perm), layout }];
    },
    axes: 'permuted',
  }),
  pad: move(['Pad', 1], {
    attributes: {
      /** All begins, then all ends, for every axis. */
      pads: stated('padsPerAxis'),
      mode: stated('text'),
    },
    shapes: ([data], { pads }) => [{ shape: padShape(data!.shape, pads), layout: data!.layout }],
  }),
  gather: row({
    onnx: ['Gather', 1],
    attributes: {
      axis: stated('axis'),
      /** `elements`: an index for every element of the result. `nd`: the last axis of the indices addresses several axes. */
      indexing: optional('text'),
      /** Leading axes that data and indices have in common. */
      batchAxes: optional('integer', { onnx: 'batch_dims' }),
    },
    operands: [1, 2],
    shapes: ([data, indices], attributes) =>
      indices && [{ shape: gatherShape(data!.shape, indices.shape, attributes) }],
    macs: 'none',
    cost: 'copy',
    axes: 'opaque',
  }),
  /** Writes into a copy of its first operand. */
  scatter: row({
    onnx: ['ScatterElements', 11],
    attributes: {},
    operands: [1, 3],
    shapes: likeFirst,
    macs: 'none',
    cost: 'copy',
    axes: 'opaque',
  }),
  tile: move(['Tile', 1], {
    attributes: { repeats: optional('perAxis') },
    shapes: ([data], { repeats }) =>
      repeats && [{ shape: tileShape(data!.shape, repeats), layout: data!.layout }],
  }),
  expand: move(['Expand', 8], {
    attributes: {
      /** What the operand is broadcast with. */
      shape: optional('shape'),
    },
    shapes: ([data], { shape }) => {
      if (shape === undefined) return undefined;
      const result = broadcastShapes(data!.shape, shape);
      const layout = result.length === data!.shape.length ? data!.layout : undefined;
      return [{ shape: result, layout }];
    },
  }),
  resize: move(['Resize', 10], {
    attributes: { mode: stated('text'), sizes: optional('shape') },
    shapes: ([data], { sizes }) => sizes && [{ shape: sizes, layout: data!.layout }],
    cost: 'resize',
  }),
  /**
   * Regions of images, sampled at places between the pixels: images [N, C, ...], boxes [regions, 4] and the image of each
   * region.
   */
  roialign: row({
    onnx: ['RoiAlign', 10],
    attributes: {
      mode: stated('text'),
      height: stated('integer', { onnx: 'output_height' }),
      width: stated('integer', { onnx: 'output_width' }),
      /** Samples of a pixel along each axis; 0: as many as the region has pixels. */
      samples: optional('integer', { onnx: 'sampling_ratio' }),
      /** Pixels of the image by those of the boxes. */
      scale: optional('real', { onnx: 'spatial_scale' }),
    },
    operands: [2, 3],
    shapes: ([data, boxes], { height, width }) => {
      if (boxes === undefined) return undefined;
      const { shape, layout } = imageLike(data!, [height, width], imageChannels(data!));
      return [{ shape: shape.with(0, boxes.shape[0] ?? 1), layout }];
    },
    macs: 'none',
    cost: 'resize',
    axes: 'image',
    indexOperands: true,
    note: 'regions of images',
  }),
  /** Shifts along some axes; what leaves at one end comes back at the other. */
  roll: move(['Roll', null], { attributes: {}, shapes: likeFirst }),
  /** Turns the first steps of every sequence around, as many as its length says. */
  reversesequence: move(['ReverseSequence', 10], { attributes: {}, shapes: likeFirst }),
  /** Keeps a band of diagonals of matrices, zeros elsewhere. */
  trilu: move(['Trilu', 14], { attributes: {}, shapes: likeFirst, note: 'a band of a matrix' }),
  /** Every window of an image as the channels of a pixel: im2col, patches. */
  unfold: row({
    onnx: ['Unfold', null],
    attributes: {
      kernelShape: stated('perSide', { onnx: 'kernel_shape' }),
      strides: stated('perSide'),
      pads: stated('padsPerSide'),
      dilations: stated('perSide'),
    },
    operands: [1, 1],
    shapes: ([data], attributes) => {
      const sides = imageSides(data!).map((extent, axis) =>
        windowExtent(extent, windowAlong(attributes, axis)),
      );
      const channels = imageChannels(data!) * elementCount(attributes.kernelShape);
      return [imageLike(data!, sides, channels)];
    },
    macs: 'none',
    cost: 'copy',
    axes: 'image',
    note: 'windows as channels',
  }),
  depthtospace: blocks('DepthToSpace', true),
  spacetodepth: blocks('SpaceToDepth', false),
  /** Pads the image, then makes entries of the batch of the pixels at each place of a block. */
  spacetobatch: row({
    onnx: ['SpaceToBatch', null],
    attributes: { blockShape: stated('perSide'), pads: stated('padsPerSide') },
    operands: [1, 1],
    shapes: ([data], { blockShape, pads }) =>
      rebatched(
        data!,
        data!.shape[0]! * elementCount(blockShape),
        imageSides(data!).map((side, axis) => {
          return (side + pads[axis]! + pads[axis + blockShape.length]!) / blockShape[axis]!;
        }),
      ),
    macs: 'none',
    cost: 'copy',
    axes: 'image',
  }),
  /** The reverse, which cuts margins off at the end. */
  batchtospace: row({
    onnx: ['BatchToSpace', null],
    attributes: { blockShape: stated('perSide'), crops: stated('padsPerSide') },
    operands: [1, 1],
    shapes: ([data], { blockShape, crops }) =>
      rebatched(
        data!,
        data!.shape[0]! / elementCount(blockShape),
        imageSides(data!).map((side, axis) => {
          return side * blockShape[axis]! - crops[axis]! - crops[axis + blockShape.length]!;
        }),
      ),
    macs: 'none',
    cost: 'copy',
    axes: 'image',
  }),
  onehot: move(['OneHot', 9], {
    attributes: {
      axis: stated('resultAxis'),
      /** Extent of the new axis. */
      depth: optional('integer'),
    },
    operands: [1, 3],
    shapes: ([data], { axis, depth }) => {
      if (depth === undefined) return undefined;
      const at = normalizeAxis(axis, data!.shape.length + 1);
      return [{ shape: data!.shape.toSpliced(at, 0, depth) }];
    },
    axes: 'opaque',
  }),
};
