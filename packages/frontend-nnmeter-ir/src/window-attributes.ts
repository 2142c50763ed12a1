import type { Op, OpAttributes } from '@nnmeter/ir';
import { samePads } from '@nnmeter/ir';
import type { NnMeterIrNode, RawAttributes } from './format.ts';
import { fail, isSet, type NodeContext, text } from './node-context.ts';

/** Number of spatial axes of a window. */
export function spatialRank(context: NodeContext): number {
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

/** Kernel, strides, dilations and pads. */
export function readWindow(context: NodeContext): Omit<OpAttributes['maxpool'], 'ceilMode'> {
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
  const mode = paddingMode(raw);
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

/** Groups as stated, or as weight and operand imply. */
export function readGroup(op: Op, context: NodeContext): number {
  const channels = context.inputs[0]?.at(-1);
  if (op === 'dwconv' && channels !== undefined) return channels;
  if (context.raw.group !== undefined) return context.raw.group;
  const weight = context.raw.weight_shape;
  if (op !== 'conv' || channels === undefined || !Array.isArray(weight)) return 1;
  const perGroup = weight.at(-2);
  return perGroup && channels % perGroup === 0 ? channels / perGroup : 1;
}

/** A pooling window. */
export function readPool(context: NodeContext): OpAttributes['maxpool'] {
  return { ...readWindow(context), ceilMode: isSet(context.raw.ceil_mode) };
}

/** Names of the nodes whose padding follows the image. */
export function samePaddedNodes(nodes: ReadonlyMap<string, NnMeterIrNode>): Set<string> {
  const found = new Set<string>();
  for (const [name, { attr }] of nodes) {
    if (attr.attr !== undefined && paddingMode(attr.attr).startsWith('SAME')) found.add(name);
  }
  return found;
}

function paddingMode(raw: RawAttributes): string {
  return (text(raw.padding) ?? text(raw.auto_pad) ?? '').toUpperCase();
}
