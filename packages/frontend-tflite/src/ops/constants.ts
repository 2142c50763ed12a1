import { filled, rangeLength, range as rangeOf } from '@nnmeter/constants';
import { elementCount, NnMeterError, type Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { Value } from '../value.ts';
import { plain, type TfLiteOp } from './rule.ts';

function constant(call: Call, shape: Shape, values?: readonly number[]): Value {
  return new Value('constant', call.result.dataType, shape, { values });
}

/** All of one value; `value` where it is known. */
function fillOf(call: Call, shape: Shape, value: number | undefined): Value {
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) {
    throw new NnMeterError('E_SHAPE', `a tensor cannot have the shape [${shape.join(', ')}]`);
  }
  return constant(call, shape, filled(shape, value));
}

function range(call: Call): Value {
  const [start, limit, delta] = [call.integer(0), call.integer(1), call.integer(2)];
  return constant(call, [rangeLength(start, limit, delta)], rangeOf(start, limit, delta));
}

/** Inputs: extents, value. Of a computed value it is a copy. */
function fill(call: Call): Value {
  const shape = call.values(0);
  const value = call.input(1);
  return value.kind === 'constant'
    ? fillOf(call, shape, value.values?.[0])
    : call.one('expand', { shape }, [value]);
}

/** The shape that two shapes broadcast to. */
function broadcastOf(call: Call): Value {
  const [a, b] = [call.values(0), call.values(1)];
  const rank = Math.max(a.length, b.length);
  const at = (shape: Shape, axis: number) => shape[axis - rank + shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) =>
    at(a, axis) === 1 ? at(b, axis) : at(a, axis),
  );
  return constant(call, [rank], shape);
}

/** The places of what is not zero: how many there are depends on data. */
function places(call: Call): readonly Value[] {
  const shape = call.shape(0);
  const count = call.assumptions.size('nonzero', elementCount(shape));
  return call.emit('nonzero', {}, [call.input(0)], { shapes: [[count, shape.length]] });
}

/** The distinct elements of a list, and which of them each element is. */
function distinct(call: Call): readonly Value[] {
  const shape = call.shape(0);
  const count = call.assumptions.size('unique', elementCount(shape));
  return call.emit('unique', {}, [call.input(0)], { shapes: [[count], shape] });
}

/** A variable's value: what was assigned in this run, else a weight that the file does not hold. */
function readVariable(call: Call): Value {
  return call.input(0).assigned ?? constant(call, call.result.shape);
}

function assignVariable(call: Call): readonly Value[] {
  call.input(0).assigned = call.input(1);
  return [];
}

/** What is known without running anything, and what cannot be. */
export const constantOps: readonly TfLiteOp[] = [
  plain('SHAPE', (call) => [constant(call, [call.shape(0).length], call.shape(0))]),
  plain('RANK', (call) => [constant(call, [], [call.shape(0).length])]),
  plain('FILL', (call) => [fill(call)]),
  plain('ZEROS_LIKE', (call) => [fillOf(call, call.shape(0), 0)]),
  plain('RANGE', (call) => [range(call)]),
  plain('BROADCAST_ARGS', (call) => [broadcastOf(call)]),
  /** Random numbers: only training and dropout use them. */
  plain('RANDOM_UNIFORM', (call) => [constant(call, call.values(0))]),
  plain('RANDOM_STANDARD_NORMAL', (call) => [constant(call, call.values(0))]),
  plain('VAR_HANDLE', (call) => [constant(call, [])]),
  plain('READ_VARIABLE', (call) => [readVariable(call)]),
  plain('ASSIGN_VARIABLE', assignVariable),
  /** Runs once, before the first inference. */
  plain('CALL_ONCE', () => []),
  plain('HASHTABLE', (call) => [constant(call, [])]),
  plain('HASHTABLE_IMPORT', () => []),
  plain('WHERE', places),
  plain('UNIQUE', distinct),
];
