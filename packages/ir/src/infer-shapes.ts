import type { Op, OpAttributes } from './attributes.ts';
import { planEinsum } from './einsum.ts';
import { NnMeterError } from './errors.ts';
import {
  broadcastShapes,
  concatShapes,
  matMulShape,
  normalizeAxis,
  reduceShape,
  reshapeShape,
  sliceExtent,
  splitShapes,
  transposedWindowExtent,
  transposeShape,
  windowExtent,
} from './shape-rules.ts';
import type { Layout, Shape } from './tensor.ts';

/** A shape with the meaning of its axes, where they have one. */
export interface ShapeAndLayout {
  readonly shape: Shape;
  readonly layout?: Layout | undefined;
}

/** An op with its attributes. */
export type Operation = { [O in Op]: { readonly op: O; readonly attributes: OpAttributes[O] } }[Op];

/**
 * Shapes of a node's results from those of its operands (weights included). Images without a layout are taken to have
 * channels last. Undefined for ops whose result the attributes do not settle (resize, gather, tile, custom, ...).
 * @throws NnMeterError E_SHAPE saying which numbers do not fit.
 */
export function inferOutputShapes(
  operation: Operation,
  inputs: readonly ShapeAndLayout[],
): readonly ShapeAndLayout[] | undefined {
  const [data, second] = inputs;
  if (data === undefined) return undefined;
  const { op, attributes } = operation;
  switch (op) {
    case 'conv':
    case 'dwconv':
    case 'convtranspose': {
      if (second === undefined) return undefined;
      const channels = imageChannels(data);
      const { from, to } = weightChannels(op, second, attributes.group, channels);
      if (from !== channels) {
        throw new NnMeterError(
          'E_SHAPE',
          `the operand [${data.shape.join(', ')}] has ${channels} channels, the weight [${second.shape.join(', ')}] is for ${from}`,
        );
      }
      const sides = imageSides(data).map((extent, axis) => {
        const window = windowOf(attributes, axis);
        return op === 'convtranspose'
          ? transposedWindowExtent(extent, {
              ...window,
              outputPadding: attributes.outputPadding[axis] ?? 0,
            })
          : windowExtent(extent, window);
      });
      return [image(data, sides, to)];
    }
    case 'maxpool':
    case 'avgpool':
    case 'lppool': {
      const sides = imageSides(data).map((extent, axis) =>
        windowExtent(extent, { ...windowOf(attributes, axis), ceilMode: attributes.ceilMode }),
      );
      return [image(data, sides, imageChannels(data))];
    }
    case 'fc':
    case 'matmul': {
      if (second === undefined) return undefined;
      const { transposeA, transposeB } = attributes;
      const left = transposeA ? swapLast(data.shape) : data.shape;
      const right = transposeB ? swapLast(second.shape) : second.shape;
      return [{ shape: matMulShape(left, right) }];
    }
    case 'einsum': {
      const shapes = inputs.map((input) => input.shape);
      return [{ shape: planEinsum(attributes.equation, shapes).outputShape }];
    }
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'pow':
    case 'mod':
    case 'max':
    case 'min':
    case 'equal':
    case 'greater':
    case 'less':
    case 'and':
    case 'or':
    case 'where': {
      const shape = broadcastShapes(...inputs.map((input) => input.shape));
      const like = inputs.find((input) => input.layout && input.shape.length === shape.length);
      return [{ shape, layout: like?.layout }];
    }
    case 'gap':
    case 'globalmaxpool':
    case 'reducemean':
    case 'reducesum':
    case 'reducemax':
    case 'reducemin':
    case 'reduceprod':
    case 'reducel2':
    case 'argmax':
    case 'argmin': {
      const shape = reduceShape(data.shape, attributes.axes, attributes.keepDims);
      return [{ shape, layout: attributes.keepDims ? data.layout : undefined }];
    }
    case 'concat': {
      const shapes = inputs.map((input) => input.shape);
      return [{ shape: concatShapes(shapes, attributes.axis), layout: data.layout }];
    }
    case 'split':
      return splitShapes(data.shape, attributes.axis, attributes.sizes).map((shape) => ({
        shape,
        layout: data.layout,
      }));
    case 'slice': {
      const { starts, ends, axes, steps } = attributes;
      const shape = [...data.shape];
      axes.forEach((stated, index) => {
        const axis = normalizeAxis(stated, shape.length);
        shape[axis] = sliceExtent(shape[axis]!, starts[index]!, ends[index]!, steps[index] ?? 1);
      });
      return [{ shape, layout: data.layout }];
    }
    case 'reshape':
      return [{ shape: reshapeShape(data.shape, attributes.shape, false) }];
    case 'transpose': {
      const shape = transposeShape(data.shape, attributes.perm);
      const letters = attributes.perm.map((axis) => data.layout?.[axis] ?? '').join('');
      return [{ shape, layout: IMAGE_LAYOUTS.find((layout) => layout === letters) }];
    }
    case 'pad': {
      const rank = data.shape.length;
      const shape = data.shape.map(
        (extent, axis) =>
          extent + (attributes.pads[axis] ?? 0) + (attributes.pads[rank + axis] ?? 0),
      );
      return [{ shape, layout: data.layout }];
    }
    case 'topk': {
      const shape = data.shape.with(
        normalizeAxis(attributes.axis, data.shape.length),
        attributes.k,
      );
      return [{ shape }, { shape }];
    }
    case 'depthtospace':
    case 'spacetodepth': {
      const factor = op === 'depthtospace' ? attributes.blockSize : 1 / attributes.blockSize;
      const sides = imageSides(data).map((extent) => extent * factor);
      return [image(data, sides, imageChannels(data) / factor ** sides.length)];
    }
    case 'lstm':
    case 'gru':
    case 'rnn':
    case 'gather':
    case 'scatter':
    case 'tile':
    case 'expand':
    case 'resize':
    case 'onehot':
    case 'nonmaxsuppression':
    case 'custom':
      return undefined;
    case 'shape':
      return [{ shape: [data.shape.length] }];
    default:
      return [data];
  }
}

const IMAGE_LAYOUTS: readonly Layout[] = ['NCHW', 'NHWC', 'NCW', 'NWC', 'NCDHW', 'NDHWC'];

/** The axis of an image's channels: as its layout says, else the last. */
export function channelAxis({ shape, layout }: ShapeAndLayout): number {
  const axis = layout?.indexOf('C') ?? -1;
  return axis >= 0 ? axis : shape.length - 1;
}

/** All axes of an image but batch and channels. */
export function spatialAxes(data: ShapeAndLayout): number[] {
  const channels = channelAxis(data);
  return [...data.shape.keys()].filter((axis) => axis > 0 && axis !== channels);
}

function imageChannels(data: ShapeAndLayout): number {
  return data.shape[channelAxis(data)] ?? 1;
}

function imageSides(data: ShapeAndLayout): number[] {
  return spatialAxes(data).map((axis) => data.shape[axis]!);
}

/** An image with the axis order of another. */
function image(like: ShapeAndLayout, sides: readonly number[], channels: number): ShapeAndLayout {
  const shape = [like.shape[0] ?? 1, ...sides];
  shape.splice(channelAxis(like), 0, channels);
  if (!shape.every(Number.isInteger)) {
    throw new NnMeterError('E_SHAPE', `the result would have the shape [${shape.join(', ')}]`);
  }
  return { shape, layout: like.layout };
}

function windowOf(attributes: OpAttributes['conv'] | OpAttributes['maxpool'], axis: number) {
  const { kernelShape, strides, dilations, pads } = attributes;
  return {
    kernel: kernelShape[axis] ?? 1,
    stride: strides[axis] ?? 1,
    dilation: dilations[axis] ?? 1,
    padBegin: pads[axis] ?? 0,
    padEnd: pads[kernelShape.length + axis] ?? 0,
  };
}

/**
 * Channels a convolution's weight takes and gives. ONNX has outputs first, TensorFlow last; a transposed convolution
 * has its operand's channels first in ONNX, and in TensorFlow last, which only the operand tells from our own order.
 */
function weightChannels(
  op: 'conv' | 'dwconv' | 'convtranspose',
  { shape, layout }: ShapeAndLayout,
  group: number,
  operand: number,
): { readonly from: number; readonly to: number } {
  const [first = 1, second = 1] = shape;
  const last = shape.at(-1) ?? 1;
  const beforeLast = shape.at(-2) ?? 1;
  if (layout === 'HWCM') return { from: beforeLast, to: beforeLast * last };
  const outputsFirst = layout?.startsWith('O') ?? false;
  if (op !== 'convtranspose') {
    return outputsFirst
      ? { from: second * group, to: first }
      : { from: beforeLast * group, to: last };
  }
  if (outputsFirst) return { from: first, to: second * group };
  return beforeLast !== operand && last === operand
    ? { from: last, to: beforeLast * group }
    : { from: beforeLast, to: last * group };
}

/** A matrix with its last two axes swapped. */
function swapLast(shape: Shape): Shape {
  return [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
}
