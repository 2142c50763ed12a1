import type { Op, OpAttributes, Shape } from '@nnmeter/ir';
import { locateErrors, normalizeAxis } from '@nnmeter/ir';
import { fail, integers, isSet, type NodeContext, where } from './node-context.ts';

/** nn-Meter's ONNX converter moves shapes to NHWC but leaves axes in NCHW order. */
const NHWC_AXIS_OF_NCHW = [0, 3, 1, 2] as const;

/**
 * The axis that the shapes bear out: the one stated, else its NHWC counterpart, else the only one that fits; where
 * shapes are unknown, the one stated.
 */
export function fittingAxis(
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

/** Whether the operands join to the result on an axis. */
export function concatenates(context: NodeContext, axis: number): boolean {
  return sumsTo(context.inputs, context.outputs[0], axis);
}

/** Whether the results join to the operand on an axis. */
export function splits(context: NodeContext, axis: number): boolean {
  return sumsTo(context.outputs, context.inputs[0], axis);
}

/** A stated axis, made non-negative where the rank is known. */
export function anyAxis(context: NodeContext, raw: unknown, rank: number | undefined): number {
  const stated = integers(raw)?.[0] ?? -1;
  return rank === undefined ? Math.max(stated, 0) : checkedAxis(context, stated, rank);
}

/** Axes of a reduction and whether they stay. */
export function readReduction(op: Op, context: NodeContext): OpAttributes['reducemean'] {
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
