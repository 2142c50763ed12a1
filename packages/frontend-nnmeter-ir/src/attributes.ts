import type {
  Attribute,
  AttributeKind,
  AttributeValue,
  Op,
  OpAttributes,
  Shape,
} from '@nnmeter/ir';
import { locateErrors, reshapeShape } from '@nnmeter/ir';
import { irAttributes } from './attribute-names.ts';
import { anyAxis, concatenates, fittingAxis, readReduction, splits } from './axis-attributes.ts';
import type { RawAttributes } from './format.ts';
import { fail, integers, isSet, type NodeContext, number, text, where } from './node-context.ts';
import { readGroup, readPool, readWindow, spatialRank } from './window-attributes.ts';

/**
 * What of an op's attributes the format spells in several ways, or leaves to the shapes; all others are read by their
 * kind.
 */
const READERS: { readonly [O in Op]?: (context: NodeContext) => Partial<OpAttributes[O]> } = {
  conv: (context) => ({ ...readWindow(context), group: readGroup('conv', context) }),
  dwconv: (context) => ({ ...readWindow(context), group: readGroup('dwconv', context) }),
  convtranspose: (context) => ({
    ...readWindow(context),
    group: readGroup('convtranspose', context),
    outputPadding:
      integers(context.raw.output_padding) ?? new Array<number>(spatialRank(context)).fill(0),
  }),
  maxpool: readPool,
  avgpool: readPool,
  lppool: readPool,
  relu: readBounds,
  concat: (context) => ({ axis: fittingAxis(context, context.raw.axis, concatenates) }),
  split: readSplit,
  gap: (context) => readReduction('gap', context),
  globalmaxpool: (context) => readReduction('globalmaxpool', context),
  reducemean: (context) => readReduction('reducemean', context),
  reducesum: (context) => readReduction('reducesum', context),
  reducemax: (context) => readReduction('reducemax', context),
  reducemin: (context) => readReduction('reducemin', context),
  reduceprod: (context) => readReduction('reduceprod', context),
  reducel2: (context) => readReduction('reducel2', context),
  argmax: (context) => readReduction('argmax', context),
  argmin: (context) => readReduction('argmin', context),
  gather: readGather,
  reshape: (context) => ({ shape: readTargetShape(context) }),
  pad: readPad,
  slice: readSlice,
  tile: readTile,
  expand: (context) => readSizes('shape', context),
  resize: (context) => readSizes('sizes', context),
  lstm: readRecurrent,
  gru: readRecurrent,
  rnn: readRecurrent,
};

/** The typed attributes of a node of a canonical op. */
export function readAttributes(op: Op, context: NodeContext): OpAttributes[Op] {
  if (op === 'custom') return customAttributes(context.raw);
  const columns = irAttributes(op);
  if (columns.length === 0) return {};
  const values: Record<string, unknown> = { ...READERS[op]?.(context) };
  for (const { name, attribute, names } of columns) {
    if (name in values) continue;
    const value = readByKind(attribute, firstStated(names, context.raw), context);
    if (value !== undefined) values[name] = value;
    else if (!attribute.optional) values[name] = WITHOUT[attribute.kind] ?? [];
  }
  return values as OpAttributes[Op];
}

/** What an attribute is taken to be that every node has and this one does not state; lists are empty. */
const WITHOUT: { readonly [K in AttributeKind]?: number | string | boolean } = {
  real: 0,
  integer: 1,
  flag: false,
  text: '',
};

function readByKind(
  { kind, optional }: Attribute,
  raw: unknown,
  context: NodeContext,
): AttributeValue | undefined {
  if (raw === undefined && optional) return undefined;
  const rank = context.inputs[0]?.length;
  switch (kind) {
    case 'real':
    case 'integer':
      return number(raw);
    case 'flag':
      return isSet(raw);
    case 'text':
      return typeof raw === 'number' ? String(raw) : text(raw);
    case 'axis':
      return anyAxis(context, raw, rank);
    case 'resultAxis':
      return anyAxis(context, raw, context.outputs[0]?.length ?? (rank && rank + 1));
    default:
      return integers(raw);
  }
}

function firstStated(names: readonly string[], raw: RawAttributes): unknown {
  for (const name of names) if (raw[name] !== undefined) return raw[name];
  return undefined;
}

function readSplit(context: NodeContext): OpAttributes['split'] {
  const { raw, outputs } = context;
  const axis = fittingAxis(context, raw.split_dim ?? raw.axis, splits);
  const stated = integers(raw.sizes);
  const sizes =
    outputs.includes(undefined) && stated?.length === outputs.length ? stated : undefined;
  return { axis, sizes: sizes ?? outputs.map((shape) => shape?.[axis] ?? 0) };
}

const GATHER_FORMS = new Map([
  ['gatherelements', 'elements'],
  ['gathernd', 'nd'],
]);

function readGather({ sourceOp, raw }: NodeContext): Partial<OpAttributes['gather']> {
  const form = GATHER_FORMS.get(sourceOp.toLowerCase());
  return {
    ...(raw.axis === undefined && { axis: 0 }),
    ...(form !== undefined && raw.indexing === undefined && { indexing: form }),
  };
}

/** Repeats, or what the shapes say of them. */
function readTile({ raw, inputs, outputs }: NodeContext): OpAttributes['tile'] {
  const stated = integers(raw.repeats);
  if (stated !== undefined) return { repeats: stated };
  const [input, output] = [inputs[0], outputs[0]];
  if (input === undefined || output?.length !== input.length) return {};
  const repeats = output.map((extent, axis) => extent / input[axis]!);
  return repeats.every(Number.isInteger) ? { repeats } : {};
}

/** Extents of the result, stated or known by its shape. */
function readSizes<N extends 'shape' | 'sizes'>(
  name: N,
  { raw, outputs }: NodeContext,
): { readonly [K in N]?: Shape } {
  const sizes = integers(raw[name]) ?? outputs[0];
  return (sizes === undefined ? {} : { [name]: sizes }) as { readonly [K in N]?: Shape };
}

function readRecurrent({ raw, outputs }: NodeContext): Partial<OpAttributes['lstm']> {
  return {
    hiddenSize: number(raw.hidden_size) ?? outputs[0]?.at(-1) ?? 0,
    directions: text(raw.direction) === 'bidirectional' ? 2 : 1,
  };
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

/** Relu6 has its bound in the name. */
function readBounds({ sourceOp, raw }: NodeContext): OpAttributes['relu'] {
  return sourceOp.toLowerCase() === 'relu6' && raw.max === undefined ? { max: 6 } : {};
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
