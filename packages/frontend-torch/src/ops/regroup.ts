import type { Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import type { Step } from '../step.ts';
import type { Value } from '../value.ts';

/**
 * Core aten runs products on matrices and stacks of matrices: it joins the axes in front before a product, and splits them
 * again behind it. Here that is put together again, so that a network is the same before and after its decomposition.
 */

export function sameShape(a: Shape, b: Shape | undefined): boolean {
  return a.length === b?.length && a.every((extent, axis) => extent === b[axis]);
}

/** A view of a view is one view; a view behind a product may undo one in front of it. */
export function reshaped(call: Call, input: Value, shape: Shape): void {
  const step = input.producer;
  const before = beforeView(input);
  if (before !== undefined) reshaped(call, before, shape);
  else if (sameShape(shape, input.shape)) call.alias(input);
  else if (step === undefined || !ungrouped(call, step, shape)) {
    call.finish('reshape', { shape }, [input]);
    keepMatrix(call, input);
  }
}

/** What a value is a view of. */
function beforeView(value: Value): Value | undefined {
  return value.producer?.op === 'reshape' ? value.producer.inputs[0] : undefined;
}

/** Whether the product could be written without joined axes, with the wanted shape as its result. */
function ungrouped(call: Call, step: Step, shape: Shape): boolean {
  const [a, b, bias] = step.inputs;
  if ((step.op !== 'fc' && step.op !== 'matmul') || a === undefined || b === undefined)
    return false;
  const left = beforeView(a);
  const own = step.attributes as { transposeA: boolean; transposeB: boolean };
  if (left?.shape === undefined || own.transposeA) return false;
  if (step.op === 'fc') {
    if (!sameShape(shape.slice(0, -1), left.shape.slice(0, -1))) return false;
    if (left.shape.at(-1) !== a.shape?.at(-1)) return false;
    if (shape.at(-1) !== step.outputs[0]?.shape?.at(-1)) return false;
    if (bias === undefined) call.finish('fc', own, [left, b], step);
    else call.finish('add', {}, [call.step('fc', own, [left, b], step), bias], step);
    return true;
  }
  const right = beforeView(b);
  if (right?.shape === undefined || bias !== undefined || own.transposeB) return false;
  const batch = shape.slice(0, -2);
  const isUngrouped =
    sameShape(batch, left.shape.slice(0, -2)) &&
    sameShape(batch, right.shape.slice(0, -2)) &&
    endsAlike(left, a) &&
    endsAlike(right, b) &&
    sameShape(shape.slice(-2), step.outputs[0]?.shape?.slice(-2));
  if (isUngrouped) call.finish('matmul', own, [left, right], step);
  return isUngrouped;
}

function endsAlike(a: Value, b: Value): boolean {
  return sameShape(a.shape?.slice(-2) ?? [], b.shape?.slice(-2));
}

/** A constant matrix that is repeated for a batch remains one matrix. */
export function keepMatrix(call: Call, input: Value): void {
  const [result] = call.results;
  if (result?.kind !== 'constant' || !endsAlike(input, result)) return;
  const matrix = input.shape?.length === 2 ? input : input.matrix;
  if (matrix !== undefined) result.matrix = matrix;
}

/** A permutation of a permutation is one. */
export function transposed(call: Call, input: Value, perm: readonly number[]): void {
  const step = input.producer;
  const before = step?.op === 'transpose' ? step.inputs[0] : undefined;
  if (before !== undefined) {
    const first = (step!.attributes as { perm: readonly number[] }).perm;
    transposed(
      call,
      before,
      perm.map((axis) => first[axis]!),
    );
  } else if (perm.every((from, axis) => from === axis)) call.alias(input);
  else call.finish('transpose', { perm }, [input]);
}
