import type { AttributeValue, Op, OpAttributes, PoolAttributes } from '../attributes.ts';
import { locateErrors, NnMeterError, quote } from '../errors.ts';
import { normalizeAxis, samePads } from '../shape-rules.ts';
import type { Shape } from '../tensor.ts';
import type { RawAttributes } from './format.ts';

/** What a node's attributes are read from. */
export interface NodeContext {
  readonly name: string;
  readonly sourceOp: string;
  readonly raw: RawAttributes;
  /** Shapes of the operands, constants included; undefined where unknown. */
  readonly inputs: readonly (Shape | undefined)[];
  readonly outputs: readonly (Shape | undefined)[];
  /** How many operands are no constants. */
  readonly computedInputs: number;
}

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
    case 'onehot':
      return { axis: anyAxis(context, op === 'gather' ? 0 : -1) };
    case 'topk':
      return { axis: anyAxis(context, -1), k: number(context.raw.k) ?? 1 };
    case 'reshape':
      return { shape: context.outputs[0] ?? integers(context.raw.shape) ?? [] };
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

function where({ name, sourceOp }: NodeContext): string {
  return `nn-Meter IR node ${quote(name)} (${quote(sourceOp)})`;
}

function fail(context: NodeContext, what: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', `${where(context)}: ${what}`);
}

function integers(value: unknown): readonly number[] | undefined {
  if (typeof value === 'number') return [value];
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item))
    ? value
    : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** nn-Meter writes the byte strings of ONNX attributes in Python's notation: `b'SAME_UPPER'`. */
function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.startsWith("b'") && value.endsWith("'") ? value.slice(2, -1) : value;
}

function isSet(value: unknown): boolean {
  return value === true || value === 1;
}

function numbers<K extends string>(raw: RawAttributes, names: readonly K[]): { [N in K]?: number } {
  const found: { [N in K]?: number } = {};
  for (const name of names) {
    const value = number(raw[name]);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function spatialRank(context: NodeContext): number {
  const rank = context.inputs[0]?.length ?? context.outputs[0]?.length;
  if (rank !== undefined && rank > 2) return rank - 2;
  const kernel = context.raw.kernel_shape ?? context.raw.strides;
  return Array.isArray(kernel) && kernel.length > 0 && kernel.length < 4 ? kernel.length : 2;
}

/** One number an axis, from one for all, one each, or TensorFlow's [1, height, width, 1]. */
function perAxis(
  context: NodeContext,
  key: string,
  value: number | readonly number[],
  rank: number,
): readonly number[] {
  if (typeof value === 'number') return new Array<number>(rank).fill(value);
  if (value.length === rank) return value;
  if (value.length === rank + 2) return value.slice(1, -1);
  if (value.length === 1) return new Array<number>(rank).fill(value[0]!);
  throw fail(context, `attr.attr.${key} [${value.join(', ')}] does not fit ${rank} spatial axes`);
}

function readWindow(context: NodeContext): Omit<PoolAttributes, 'ceilMode'> {
  const { raw } = context;
  const rank = spatialRank(context);
  let kernelShape: readonly number[];
  if (raw.kernel_shape !== undefined) {
    kernelShape = perAxis(context, 'kernel_shape', raw.kernel_shape, rank);
  } else if (Array.isArray(raw.weight_shape) && raw.weight_shape.length >= rank) {
    kernelShape = raw.weight_shape.slice(0, rank);
  } else if (raw.ksize !== undefined) {
    kernelShape = perAxis(context, 'ksize', raw.ksize, rank);
  } else {
    throw fail(context, 'no kernel size; give attr.attr.kernel_shape, weight_shape or ksize');
  }
  const strides = perAxis(context, 'strides', raw.strides ?? 1, rank);
  const dilations = perAxis(context, 'dilations', raw.dilations ?? 1, rank);
  for (const [key, values] of [
    ['kernel size', kernelShape],
    ['strides', strides],
    ['dilations', dilations],
  ] as const) {
    if (values.some((value) => value < 1)) {
      throw fail(context, `${key} [${values.join(', ')}] must be at least 1`);
    }
  }
  return {
    kernelShape,
    strides,
    dilations,
    pads: readPads(context, kernelShape, strides, dilations),
  };
}

/** The padding mode wins over `pads`: files in use say SAME beside pads of zero. */
function readPads(
  context: NodeContext,
  kernelShape: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): readonly number[] {
  const { raw } = context;
  const rank = kernelShape.length;
  const mode = (text(raw.padding) ?? text(raw.auto_pad) ?? '').toUpperCase();
  if (mode.startsWith('SAME')) {
    const input = context.inputs[0];
    const pads = new Array<number>(2 * rank).fill(0);
    for (let axis = 0; axis < rank; axis++) {
      const window = {
        kernel: kernelShape[axis]!,
        stride: strides[axis]!,
        dilation: dilations[axis]!,
      };
      const [begin, end] = samePads(
        input?.[axis + 1] ?? window.stride,
        window,
        mode === 'SAME_LOWER' ? 'lower' : 'upper',
      );
      pads[axis] = begin;
      pads[rank + axis] = end;
    }
    return pads;
  }
  const explicit = raw.pads ?? (typeof raw.padding === 'string' ? undefined : raw.padding);
  if (mode === 'VALID' || explicit === undefined) return new Array<number>(2 * rank).fill(0);
  if (typeof explicit === 'number') return new Array<number>(2 * rank).fill(explicit);
  if (explicit.length === 2 * rank) return explicit;
  if (explicit.length === rank) return [...explicit, ...explicit];
  throw fail(
    context,
    `attr.attr.pads [${explicit.join(', ')}] does not fit ${rank} spatial axes; give all begins, then all ends`,
  );
}

function readGroup(op: Op, context: NodeContext): number {
  const channels = context.inputs[0]?.at(-1);
  if (op === 'dwconv' && channels !== undefined) return channels;
  if (context.raw.group !== undefined) return context.raw.group;
  const weight = context.raw.weight_shape;
  if (op !== 'conv' || channels === undefined || !Array.isArray(weight)) return 1;
  const perGroup = weight.at(-2);
  return perGroup && channels % perGroup === 0 ? channels / perGroup : 1;
}

function readPool(context: NodeContext): PoolAttributes {
  return { ...readWindow(context), ceilMode: isSet(context.raw.ceil_mode) };
}

/** Relu6 has its bound in the name; a Clip whose bounds nobody noted is taken as a rectifier, as nn-Meter does. */
function readBounds(context: NodeContext): OpAttributes['clip'] {
  if (context.sourceOp.toLowerCase() === 'relu6') return { max: 6 };
  return numbers(context.raw, ['min', 'max']);
}

/** nn-Meter's ONNX converter moves shapes to NHWC but leaves axes in NCHW order. */
const NHWC_AXIS_OF_NCHW = [0, 3, 1, 2] as const;

/**
 * The axis that the shapes bear out: the one stated, else its NHWC counterpart, else the only one that fits; where
 * shapes are unknown, the one stated.
 */
function fittingAxis(
  context: NodeContext,
  stated: number | readonly number[] | undefined,
  fits: (context: NodeContext, axis: number) => boolean,
): number {
  const rank = (context.inputs[0] ?? context.outputs[0])?.length;
  const value = typeof stated === 'number' ? stated : (stated?.[0] ?? -1);
  if (rank === undefined) return Math.max(value, 0);
  const axis = checkedAxis(context, value, rank);
  if (fits(context, axis)) return axis;
  const moved = rank === 4 ? NHWC_AXIS_OF_NCHW[axis]! : axis;
  if (fits(context, moved)) return moved;
  for (let other = rank - 1; other >= 0; other--) if (fits(context, other)) return other;
  throw fail(
    context,
    `input shapes ${show(context.inputs)} do not give output shapes ${show(context.outputs)} on any axis`,
  );
}

function show(shapes: readonly (Shape | undefined)[]): string {
  return shapes.map((shape) => (shape === undefined ? '?' : `[${shape.join(', ')}]`)).join(', ');
}

function checkedAxis(context: NodeContext, axis: number, rank: number): number {
  return locateErrors(
    () => where(context),
    () => normalizeAxis(axis, rank),
  );
}

function sumsTo(
  parts: readonly (Shape | undefined)[],
  whole: Shape | undefined,
  axis: number,
): boolean {
  if (whole === undefined || parts.includes(undefined)) return true;
  let sum = 0;
  for (const part of parts) sum += part![axis] ?? 0;
  return sum === whole[axis];
}

function concatenates(context: NodeContext, axis: number): boolean {
  return sumsTo(context.inputs, context.outputs[0], axis);
}

function splits(context: NodeContext, axis: number): boolean {
  return sumsTo(context.outputs, context.inputs[0], axis);
}

function anyAxis(context: NodeContext, fallback: number): number {
  const stated = integers(context.raw.axis)?.[0] ?? fallback;
  const rank = context.inputs[0]?.length;
  return rank === undefined ? Math.max(stated, 0) : checkedAxis(context, stated, rank);
}

function readReduction(op: Op, context: NodeContext): OpAttributes['reducemean'] {
  const { raw } = context;
  const [input] = context.inputs;
  const [output] = context.outputs;
  const rank = input?.length ?? 0;
  const keepDims =
    input !== undefined && output !== undefined
      ? output.length === rank
      : isSet(raw.keep_dims ?? raw.keepdims ?? op === 'gap');
  const stated =
    integers(raw.reduction_indices) ??
    integers(raw.axes) ??
    integers(raw.axis) ??
    defaultAxes(op, rank);
  if (input === undefined) return { axes: stated.filter((axis) => axis >= 0), keepDims };
  const sorted = (axes: readonly number[]): number[] => [...new Set(axes)].sort((a, b) => a - b);
  const axes = sorted(stated.map((axis) => checkedAxis(context, axis, rank)));
  if (rank !== 4 || output === undefined || reduces(input, output, axes)) return { axes, keepDims };
  const moved = sorted(axes.map((axis) => NHWC_AXIS_OF_NCHW[axis]!));
  return { axes: reduces(input, output, moved) ? moved : axes, keepDims };
}

function defaultAxes(op: Op, rank: number): readonly number[] {
  if (op === 'argmax' || op === 'argmin') return [0];
  const all = Array.from({ length: rank }, (_, axis) => axis);
  return op === 'gap' || op === 'globalmaxpool' ? all.slice(1, -1) : all;
}

function reduces(input: Shape, output: Shape, axes: readonly number[]): boolean {
  const kept = output.length === input.length;
  const expected: number[] = [];
  for (let axis = 0; axis < input.length; axis++) {
    if (!axes.includes(axis)) expected.push(input[axis]!);
    else if (kept) expected.push(1);
  }
  return expected.length === output.length && expected.every((extent, i) => extent === output[i]);
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
