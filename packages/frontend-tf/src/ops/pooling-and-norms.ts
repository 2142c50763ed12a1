import { normalizeAxis } from '@nnmeter/ir';
import { imageAxes, slidingWindow } from './convolution.ts';
import { node, type OpContext, type Rows, type Rule } from './rule.ts';

/** Extents and strides of the window, one entry an axis of the image. */
type Window = (
  context: OpContext,
) => readonly [sizes: readonly number[], strides: readonly number[]];

const fromAttributes: Window = (context) => [
  context.integers('ksize'),
  context.integers('strides'),
];
const fromInputs: Window = (context) => [context.values(1), context.values(2)];

function pool(op: 'maxpool' | 'avgpool', windowOf: Window = fromAttributes): Rule {
  return (context) => {
    const axes = imageAxes(context);
    const [sizes, strideList] = windowOf(context);
    const kernelShape = axes.spatial.map((axis) => sizes[axis] ?? 1);
    const window = slidingWindow(context, kernelShape, strideList);
    return node(
      op,
      { kernelShape, ...window, ceilMode: false },
      { operands: [0], layout: axes.layout },
    );
  };
}

function axesOf(context: OpContext): number[] {
  const rank = context.shape(0).length;
  const axes = context.values(1).map((axis) => normalizeAxis(axis, rank));
  return axes.sort((a, b) => a - b);
}

function reduction(op: 'reducesum' | 'reducemax' | 'reducemin' | 'reduceprod' | 'reducel2'): Rule {
  return (context) => {
    const attributes = { axes: axesOf(context), keepDims: context.flag('keep_dims') };
    return node(op, attributes, { operands: [0] });
  };
}

/** A mean over all spatial axes of an image is a global average pool. */
function mean(context: OpContext) {
  const axes = axesOf(context);
  const keepDims = context.flag('keep_dims');
  const rank = context.shape(0).length;
  const layout = context.inputs[0]!.layout ?? (rank === 4 ? 'NHWC' : rank === 5 ? 'NDHWC' : '');
  const spatial = [...layout].flatMap((letter, axis) =>
    letter === 'N' || letter === 'C' ? [] : [axis],
  );
  const isGlobal = spatial.length > 0 && axes.join() === spatial.join();
  return node(isGlobal ? 'gap' : 'reducemean', { axes, keepDims }, { operands: [0] });
}

/** Half the sum of the squares. */
function halfSquares(context: OpContext) {
  return node('reducesum', { axes: [...context.shape(0).keys()], keepDims: false });
}

function dilation(context: OpContext) {
  const kernelShape = context.shape(1).slice(0, 2);
  const dilations = context.integers('rates').slice(1, 3);
  const window = slidingWindow(context, kernelShape, context.integers('strides'), dilations);
  return node(
    'dilation2d',
    { kernelShape, ...window, ceilMode: false },
    { operands: [0, 1], layout: 'NHWC' },
  );
}

function patches(context: OpContext) {
  const { spatial, layout } = imageAxes(context);
  const along = (list: readonly number[]) => spatial.map((axis) => list[axis] ?? 1);
  const kernelShape = along(context.integers('ksizes'));
  const dilations = along(context.integers('rates'));
  const window = slidingWindow(context, kernelShape, context.integers('strides'), dilations);
  return node('unfold', { kernelShape, ...window }, { layout });
}

function argument(op: 'argmax' | 'argmin'): Rule {
  return (context) => {
    const axis = normalizeAxis(context.value(1), context.shape(0).length);
    return node(op, { axes: [axis], keepDims: false }, { operands: [0] });
  };
}

function batchNormalization(context: OpContext) {
  const epsilon = context.attribute('epsilon')?.f ?? 1e-4;
  return node('bn', { epsilon }, { layout: imageAxes(context).layout });
}

export const poolingAndNormRows: Rows = [
  ['MaxPool MaxPool3D MaxPoolWithArgmax', pool('maxpool')],
  ['AvgPool AvgPool3D', pool('avgpool')],
  ['MaxPoolV2', pool('maxpool', fromInputs)],
  ['Mean', mean],
  ['Sum', reduction('reducesum')],
  ['Max Any', reduction('reducemax')],
  ['Min All', reduction('reducemin')],
  ['Prod', reduction('reduceprod')],
  ['EuclideanNorm', reduction('reducel2')],
  ['L2Loss', halfSquares],
  ['Dilation2D', dilation],
  ['ExtractImagePatches ExtractVolumePatches', patches],
  ['ArgMax', argument('argmax')],
  ['ArgMin', argument('argmin')],
  ['FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3', batchNormalization],
  ['LRN', () => node('lrn', {})],
  ['L2Normalize', () => node('l2norm', {}, { operands: [0] })],
];
