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
  if ((step.op !== 'fc' && step.op !== 'matmul') || a?.shape === undefined || !b?.shape)
    return false;
  const own = step.attributes as { transposeA: boolean; transposeB: boolean };
  const [joined, width] = [step.outputs[0]?.shape, shape.at(-1)];
  if (own.transposeA || joined?.at(-1) !== width) return false;
  if (step.op === 'fc') {
    if (beforeView(a) === undefined) return false;
    const left = viewedAs(call, a, [...shape.slice(0, -1), a.shape.at(-1)!]);
    if (bias === undefined || shape.length <= 2) call.finish('fc', own, [left, b, bias], step);
    else call.finish('add', {}, [call.step('fc', own, [left, b], step), bias], step);
    return true;
  }
  if ((beforeView(a) ?? beforeView(b)) === undefined) return false;
  if (bias !== undefined || own.transposeB) return false;
  if (joined?.length !== 3 || joined[1] !== shape.at(-2)) return false;
  const batch = shape.slice(0, -2);
  const left = viewedAs(call, a, [...batch, ...a.shape.slice(-2)]);
  call.finish('matmul', own, [left, viewedAs(call, b, [...batch, ...b.shape.slice(-2)])], step);
  return true;
}

/** Another view of what a value is a view of. */
function viewedAs(call: Call, value: Value, shape: Shape): Value {
  const origin = beforeView(value) ?? value;
  return sameShape(shape, origin.shape) ? origin : call.step('reshape', { shape }, [origin]);
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
