import { normalizeAxis, reduceShape, windowExtent } from '../shape-rules.ts';
import { stated } from './attribute.ts';
import { imageChannels, imageLike, imageSides, windowAlong } from './image.ts';
import { type CostKind, likeFirst, type OpRow, row } from './row.ts';

/** A window that slides over an image. */
const pool = (onnx: readonly [string, number | null], cost: CostKind) =>
  row({
    onnx,
    attributes: {
      kernelShape: stated('perSide', { onnx: 'kernel_shape' }),
      strides: stated('perSide'),
      /** ONNX order: all begins, then all ends. */
      pads: stated('padsPerSide'),
      dilations: stated('perSide'),
      ceilMode: stated('flag', { onnx: 'ceil_mode' }),
    },
    operands: [1, 1],
    shapes: ([data], attributes) => {
      const { ceilMode } = attributes;
      const sides = imageSides(data!).map((extent, axis) =>
        windowExtent(extent, { ...windowAlong(attributes, axis), ceilMode }),
      );
      return [imageLike(data!, sides, imageChannels(data!))];
    },
    macs: 'none',
    cost,
    axes: 'image',
  });

type More = Pick<Partial<OpRow>, 'axes' | 'indexOperands' | 'resultType' | 'note'>;

/** Removes axes, or keeps them as 1. */
const reduction = (onnx: string, cost: CostKind, more: More) =>
  row({
    onnx: [onnx, 1],
    attributes: {
      /** Non-negative, sorted. */
      axes: stated('axes'),
      keepDims: stated('flag', { onnx: 'keepdims' }),
    },
    operands: [1, 1],
    shapes: ([data], { axes, keepDims }) => [
      {
        shape: reduceShape(data!.shape, axes, keepDims),
        layout: keepDims ? data!.layout : undefined,
      },
    ],
    macs: 'none',
    cost,
    axes: 'kept',
    ...more,
  });

/** The axes are an operand in newer ONNX. */
const axesAreOperands: More = { indexOperands: true };
const position: More = { axes: 'opaque', resultType: 'int64' };

export const reductionOps = {
  maxpool: pool(['MaxPool', 1], 'maxpool'),
  avgpool: pool(['AveragePool', 1], 'avgpool'),
  lppool: pool(['LpPool', 2], 'avgpool'),
  /** Of every window the largest sum with a filter (grey dilation), or the smallest difference (erosion). */
  dilation2d: { ...pool(['Dilation2D', null], 'maxpool'), operands: [2, 2] as const },
  /** Mean over all spatial axes, keeping channels. */
  gap: reduction('GlobalAveragePool', 'gap', { ...axesAreOperands, note: 'mean over the image' }),
  globalmaxpool: reduction('GlobalMaxPool', 'reduce', { ...axesAreOperands, axes: 'image' }),
  reducemean: reduction('ReduceMean', 'reduce', axesAreOperands),
  reducesum: reduction('ReduceSum', 'reduce', axesAreOperands),
  reducemax: reduction('ReduceMax', 'reduce', axesAreOperands),
  reducemin: reduction('ReduceMin', 'reduce', axesAreOperands),
  reduceprod: reduction('ReduceProd', 'reduce', axesAreOperands),
  reducel2: reduction('ReduceL2', 'reduce', axesAreOperands),
  argmax: reduction('ArgMax', 'reduce', position),
  argmin: reduction('ArgMin', 'reduce', position),
  cumsum: row({
    onnx: ['CumSum', 11],
    attributes: { axis: stated('axis') },
    operands: [1, 1],
    shapes: likeFirst,
    macs: 'none',
    cost: 'reduce',
    axes: 'kept',
    indexOperands: true,
  }),
  topk: row({
    onnx: ['TopK', 1],
    attributes: { axis: stated('axis'), k: stated('integer') },
    operands: [1, 1],
    shapes: ([data], { axis, k }) => {
      const sorted = normalizeAxis(axis, data!.shape.length);
      const shape = data!.shape.map((extent, index) => (index === sorted ? k : extent));
      return [{ shape }, { shape }];
    },
    macs: 'none',
    cost: 'sort',
    axes: 'opaque',
    indexOperands: true,
  }),
};
