import type { DataType } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { dataTypeOf, isInteger } from '../data-types.ts';
import { broadcastPosition, mapCoordinates } from './indices.ts';
import type { Evaluator } from './table.ts';

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Abs: Math.abs,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Round: roundHalfToEven,
  Sqrt: Math.sqrt,
  Exp: Math.exp,
  Log: Math.log,
  Sign: Math.sign,
  Reciprocal: (x) => 1 / x,
  Not: (x) => 1 - x,
};

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Pow: (a, b) => a ** b,
  Min: Math.min,
  Max: Math.max,
  Sum: (a, b) => a + b,
  Equal: (a, b) => Number(a === b),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  And: Math.min,
  Or: Math.max,
  Xor: (a, b) => a ^ b,
};

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Applies to all inputs pairwise from the left, broadcasting. */
function folding(operation: (call: Call) => (a: number, b: number) => number): Evaluator {
  return (call, [output]) => {
    const combine = operation(call);
    const inputs = call.inputs.map((_, index) => ({
      shape: call.shape(index),
      values: call.values(index),
    }));
    const at = (input: (typeof inputs)[number], coordinates: readonly number[]): number =>
      input.values[broadcastPosition(input.shape, coordinates)]!;
    return [
      mapCoordinates(output!, (coordinates) =>
        inputs.map((input) => at(input, coordinates)).reduce((a, b) => combine(a, b)),
      ),
    ];
  };
}

/** Integer division drops the fraction. */
const divide = folding((call) =>
  isInteger(call.dataType(0)) ? (a, b) => Math.trunc(a / b) : (a, b) => a / b,
);

/** The sign follows the divisor, or the dividend with `fmod`. */
const modulo = folding((call) =>
  call.int('fmod', 0) === 0 ? (a, b) => a - Math.floor(a / b) * b : (a, b) => a % b,
);

const where: Evaluator = (call, [output]) => {
  const at = (index: number, coordinates: readonly number[]): number =>
    call.values(index)[broadcastPosition(call.shape(index), coordinates)]!;
  return [mapCoordinates(output!, (coordinates) => at(at(0, coordinates) ? 1 : 2, coordinates))];
};

/** Values as another type. */
export function castValues(values: readonly number[], to: DataType): readonly number[] {
  if (to === 'bool') return values.map((value) => Number(value !== 0));
  if (isInteger(to)) return values.map(Math.trunc);
  return to === 'float32' ? values.map(Math.fround) : values;
}

const cast: Evaluator = (call) => [castValues(call.values(0), dataTypeOf(call.int('to', 0)))];

export const arithmeticEvaluators: Readonly<Record<string, Evaluator>> = {
  ...Object.fromEntries(
    Object.entries(UNARY).map(([op, apply]): [string, Evaluator] => [
      op,
      (call) => [call.values(0).map((value) => apply(value))],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(BINARY).map(([op, combine]) => [op, folding(() => combine)]),
  ),
  Div: divide,
  Mod: modulo,
  Where: where,
  Cast: cast,
};
