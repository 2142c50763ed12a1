import type { AttributeValue, Op, OpAttributes, Shape } from '@nnmeter/ir';
import { locateErrors, reshapeShape } from '@nnmeter/ir';
import { anyAxis, concatenates, fittingAxis, readReduction, splits } from './axis-attributes.ts';
import type { RawAttributes } from './format.ts';
import {
  fail,
  integers,
  isSet,
  type NodeContext,
  number,
  numbers,
  text,
  where,
} from './node-context.ts';
import { readGroup, readPool, readWindow, spatialRank } from './window-attributes.ts';

/** The typed attributes of a node of a canonical op. */
export function readAttributes(op: Op, context: NodeContext): OpAttributes[Op] {
  switch (op) {
    case 'conv':
    case 'dwconv':
      return { ...readWindow(context), group: readGroup(op, context) };
    case 'convtranspose':
      return {
        ...readWindow(context),
        group: readGroup(op, context),
        outputPadding:
          integers(context.raw.output_padding) ?? new Array<number>(spatialRank(context)).fill(0),
      };
    case 'maxpool':
    case 'avgpool':
    case 'lppool':
      return readPool(context);
    case 'relu':
    case 'clip':
      return readBounds(context);
    case 'fc':
    case 'matmul':
      return {
        transposeA: isSet(context.raw.transA ?? context.raw.adj_x),
        transposeB: isSet(context.raw.transB ?? context.raw.adj_y),
      };
    case 'concat':
      return { axis: fittingAxis(context, context.raw.axis, concatenates) };
    case 'split': {
      const axis = fittingAxis(context, context.raw.split_dim ?? context.raw.axis, splits);
      return { axis, sizes: context.outputs.map((shape) => shape?.[axis] ?? 0) };
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
    case 'argmin':
      return readReduction(op, context);
    case 'softmax':
    case 'logsoftmax':
    case 'cumsum':
    case 'gather':
      return { axis: anyAxis(context, op === 'gather' ? 0 : -1) };
    case 'onehot':
      return { axis: number(context.raw.axis) ?? -1 };
    case 'topk':
      return { axis: anyAxis(context, -1), k: number(context.raw.k) ?? 1 };
    case 'reshape':
      return { shape: readTargetShape(context) };
    case 'transpose':
      return { perm: integers(context.raw.perm) ?? [] };
    case 'pad':
      return readPad(context);
    case 'slice':
      return readSlice(context);
    case 'resize':
      return { mode: text(context.raw.mode) ?? '' };
    case 'depthtospace':
    case 'spacetodepth':
      return { blockSize: number(context.raw.block_size ?? context.raw.blocksize) ?? 1 };
    case 'cast':
      return { to: String(context.raw.to ?? context.raw.DstT ?? '') };
    case 'einsum':
      return { equation: text(context.raw.equation) ?? '' };
    case 'lstm':
    case 'gru':
    case 'rnn':
      return {
        hiddenSize: number(context.raw.hidden_size) ?? context.outputs[0]?.at(-1) ?? 0,
        directions: text(context.raw.direction) === 'bidirectional' ? 2 : 1,
      };
    case 'hardsigmoid':
    case 'leakyrelu':
    case 'elu':
    case 'selu':
    case 'celu':
      return numbers(context.raw, ['alpha', 'beta']);
    case 'bn':
    case 'layernorm':
    case 'groupnorm':
    case 'instancenorm':
    case 'rmsnorm':
    case 'lrn':
    case 'l2norm':
      return {
        ...numbers(context.raw, ['epsilon', 'groups']),
        ...(typeof context.raw.axis === 'number' ? { axis: anyAxis(context, -1) } : {}),
      };
    case 'custom':
      return customAttributes(context.raw);
    default:
      return {};
  }
}

/** The shape a Reshape or Flatten leads to. */
function readTargetShape(context: NodeContext): Shape {
  const [input] = context.inputs;
  const [output] = context.outputs;
  if (output !== undefined) return output;
  const flatten = context.sourceOp.toLowerCase() === 'flatten' ? [input?.[0] ?? 1, -1] : undefined;
  const target = integers(context.raw.shape) ?? flatten;
  if (target === undefined) throw fail(context, 'no shape; give output_shape or attr.attr.shape');
  if (input === undefined) return target;
  return locateErrors(
    () => where(context),
    () => reshapeShape(input, target, false),
  );
}

/** Relu6 has its bound in the name; a Clip whose bounds nobody noted is taken as a rectifier, as nn-Meter does. */
function readBounds(context: NodeContext): OpAttributes['clip'] {
  if (context.sourceOp.toLowerCase() === 'relu6') return { max: 6 };
  return numbers(context.raw, ['min', 'max']);
}

function readPad(context: NodeContext): OpAttributes['pad'] {
  const { raw } = context;
  const mode = text(raw.mode) ?? 'constant';
  const [input, output] = [context.inputs[0], context.outputs[0]];
  const stated = integers(raw.pads);
  if (stated !== undefined && (input === undefined || stated.length === 2 * input.length)) {
    return { pads: stated, mode };
  }
  if (input === undefined || output?.length !== input.length) return { pads: [], mode };
  const total = input.map((extent, axis) => output[axis]! - extent);
  const begins = total.map((extent) => Math.floor(extent / 2));
  return { pads: [...begins, ...total.map((extent, axis) => extent - begins[axis]!)], mode };
}

/** Start, end and step are not in the format; the extents of input and output are all that latency needs. */
function readSlice(context: NodeContext): OpAttributes['slice'] {
  const { raw } = context;
  const stated = {
    starts: integers(raw.starts),
    ends: integers(raw.ends),
    axes: integers(raw.axes),
    steps: integers(raw.steps),
  };
  if (stated.starts && stated.ends && stated.axes) {
    return {
      starts: stated.starts,
      ends: stated.ends,
      axes: stated.axes,
      steps: stated.steps ?? stated.starts.map(() => 1),
    };
  }
  const [input, output] = [context.inputs[0], context.outputs[0]];
  const axes: number[] = [];
  if (input !== undefined && output?.length === input.length) {
    for (let axis = 0; axis < input.length; axis++)
      if (input[axis] !== output[axis]) axes.push(axis);
  }
  return {
    starts: axes.map(() => 0),
    ends: axes.map((axis) => output![axis]!),
    axes,
    steps: axes.map(() => 1),
  };
}

function isAttributeValue(value: unknown): value is AttributeValue {
  if (Array.isArray(value)) {
    const type = typeof value[0];
    return (
      (type === 'number' || type === 'string' || type === 'boolean') &&
      value.every((item) => typeof item === type)
    );
  }
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}

function customAttributes(raw: RawAttributes): OpAttributes['custom'] {
  return Object.fromEntries(
    Object.entries(raw).filter((entry): entry is [string, AttributeValue] =>
      isAttributeValue(entry[1]),
    ),
  );
}
