import { normalizeAxis } from '@nnmeter/ir';
import { PADDING } from '@nnmeter/tflite-schema';
import type { Call } from '../call.ts';
import type { Value } from '../value.ts';
import { activated } from './activation.ts';
import { windowPads } from './convolution.ts';
import { plain, row, type TfLiteOp } from './rule.ts';

function pool(
  op: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D' | 'L2_POOL_2D',
  canonical: 'maxpool' | 'avgpool' | 'lppool',
): TfLiteOp {
  return row(op, (call, window) => {
    const [, height = 1, width = 1] = call.shape(0);
    const kernelShape = [window.filterHeight, window.filterWidth];
    const strides = [window.strideHeight, window.strideWidth];
    const dilations = [1, 1];
    const pads = windowPads([height, width], kernelShape, strides, dilations, window.padding);
    const attributes = { kernelShape, strides, pads, dilations, ceilMode: false };
    const result = call.one(canonical, attributes, [call.input(0)], { layout: 'NHWC' });
    return activated(call, result, window.activation);
  });
}

/** A custom op of MediaPipe, whose window is as wide as its stride; its second result says where the greatest were. */
function maxPoolWithPlaces(call: Call): readonly Value[] {
  const pooled = call.statedShape();
  const image = call.shape(0);
  const strides = [1, 2].map((axis) => Math.ceil(image[axis]! / pooled[axis]!));
  const pads = windowPads(image.slice(1, 3), strides, strides, [1, 1], PADDING.SAME);
  return call.emit(
    'maxpool',
    { kernelShape: strides, strides, pads, dilations: [1, 1], ceilMode: false },
    [call.input(0)],
    { layout: 'NHWC', shapes: [pooled, pooled] },
  );
}

function axesOf(call: Call): number[] {
  const rank = call.shape(0).length;
  const axes = call.values(1).map((axis) => normalizeAxis(axis, rank));
  return [...new Set(axes)].sort((a, b) => a - b);
}

type Reduction = 'reducesum' | 'reducemax' | 'reducemin' | 'reduceprod';

function reduction(
  op: 'SUM' | 'REDUCE_MAX' | 'REDUCE_MIN' | 'REDUCE_PROD' | 'REDUCE_ANY' | 'REDUCE_ALL',
  canonical: Reduction,
): TfLiteOp {
  return row(op, (call, { keepDims }) => [
    call.one(canonical, { axes: axesOf(call), keepDims }, [call.input(0)]),
  ]);
}

/** A mean over both sides of an image is a global average pool. */
function mean(call: Call, keepDims: boolean): readonly Value[] {
  const axes = axesOf(call);
  const { length: rank } = call.shape(0);
  const sides = rank === 4 ? '1,2' : rank === 5 ? '1,2,3' : undefined;
  return [
    call.one(axes.join() === sides ? 'gap' : 'reducemean', { axes, keepDims }, [call.input(0)]),
  ];
}

function argument(op: string, canonical: 'argmax' | 'argmin'): TfLiteOp {
  return plain(op, (call) => {
    const axes = [normalizeAxis(call.integer(1), call.shape(0).length)];
    return [call.one(canonical, { axes, keepDims: false }, [call.input(0)])];
  });
}

export const poolingOps: readonly TfLiteOp[] = [
  pool('AVERAGE_POOL_2D', 'avgpool'),
  pool('MAX_POOL_2D', 'maxpool'),
  pool('L2_POOL_2D', 'lppool'),
  row('MEAN', (call, { keepDims }) => mean(call, keepDims)),
  reduction('SUM', 'reducesum'),
  reduction('REDUCE_MAX', 'reducemax'),
  reduction('REDUCE_MIN', 'reducemin'),
  reduction('REDUCE_PROD', 'reduceprod'),
  reduction('REDUCE_ANY', 'reducemax'),
  reduction('REDUCE_ALL', 'reducemin'),
  argument('ARG_MAX', 'argmax'),
  argument('ARG_MIN', 'argmin'),
  plain('CUMSUM', (call) => {
    const axis = normalizeAxis(call.integer(1), call.shape(0).length);
    return [call.one('cumsum', { axis }, [call.input(0)])];
  }),
  plain('TOPK_V2', (call) => {
    const shape = call.shape(0);
    const axis = normalizeAxis(-1, shape.length);
    const k = call.input(1).values?.[0] ?? call.assumptions.size('topk', shape[axis]);
    return call.emit('topk', { axis, k }, [call.input(0)]);
  }),
];

export const customPoolingOps: readonly TfLiteOp[] = [
  plain('MaxPoolingWithArgmax2D', maxPoolWithPlaces),
];
