import { bytesPerElement, type DataType } from '@nnmeter/ir';
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
  Relu: (x) => Math.max(x, 0),
  Sigmoid: sigmoid,
  Softplus: (x) => Math.log1p(Math.exp(x)),
  Softsign: (x) => x / (1 + Math.abs(x)),
  HardSwish: (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)),
  Sin: Math.sin,
  Cos: Math.cos,
  Tan: Math.tan,
  Asin: Math.asin,
  Acos: Math.acos,
  Atan: Math.atan,
  Sinh: Math.sinh,
  Cosh: Math.cosh,
  Tanh: Math.tanh,
  Asinh: Math.asinh,
  Acosh: Math.acosh,
  Atanh: Math.atanh,
  IsNaN: (x) => Number(Number.isNaN(x)),
};

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Of one operand, with attributes. */
const WITH_ATTRIBUTES: Readonly<Record<string, (call: Call) => (x: number) => number>> = {
  LeakyRelu: (call) => {
    const alpha = call.float('alpha', 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  },
  ThresholdedRelu: (call) => {
    const alpha = call.float('alpha', 1);
    return (x) => (x > alpha ? x : 0);
  },
  Elu: (call) => {
    const alpha = call.float('alpha', 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  },
  Celu: (call) => {
    const alpha = call.float('alpha', 1);
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  },
  Selu: (call) => {
    const [alpha, gamma] = [call.float('alpha', 1.67326319), call.float('gamma', 1.05070102)];
    return (x) => gamma * (x > 0 ? x : alpha * Math.expm1(x));
  },
  HardSigmoid: (call) => {
    const [alpha, beta] = [call.float('alpha', 0.2), call.float('beta', 0.5)];
    return (x) => Math.max(0, Math.min(1, alpha * x + beta));
  },
  Swish: (call) => {
    const alpha = call.float('alpha', 1);
    return (x) => x * sigmoid(alpha * x);
  },
  Shrink: (call) => {
    const [bias, lambda] = [call.float('bias', 0), call.float('lambd', 0.5)];
    return (x) => (x < -lambda ? x + bias : x > lambda ? x - bias : 0);
  },
  IsInf: (call) => {
    const [positive, negative] = [call.int('detect_positive', 1), call.int('detect_negative', 1)];
    return (x) =>
      Number(
        (positive !== 0 && x === Number.POSITIVE_INFINITY) ||
          (negative !== 0 && x === Number.NEGATIVE_INFINITY),
      );
  },
  BitwiseNot: (call) => {
    const dataType = call.dataType(0);
    return (x) => wrapped(~BigInt(x), dataType);
  },
  Clip: (call) => {
    const bound = (name: string, index: number, otherwise: number): number =>
      call.has(index) ? call.scalar(index) : call.float(name, otherwise);
    const least = bound('min', 1, Number.NEGATIVE_INFINITY);
    const most = bound('max', 2, Number.POSITIVE_INFINITY);
    return (x) => Math.min(Math.max(x, least), most);
  },
};

/** An integer in the range of its type, as two's complement wraps it. */
function wrapped(value: bigint, dataType: DataType): number {
  const bits = 8 * bytesPerElement(dataType);
  return Number(
    dataType.startsWith('u') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value),
  );
}

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
  PRelu: (x, slope) => (x < 0 ? slope * x : x),
};

/** Of two integers. */
const BITWISE: Readonly<Record<string, (a: bigint, b: bigint, call: Call) => bigint>> = {
  BitwiseAnd: (a, b) => a & b,
  BitwiseOr: (a, b) => a | b,
  BitwiseXor: (a, b) => a ^ b,
  BitShift: (a, b, call) => (call.string('direction', '') === 'LEFT' ? a << b : a >> b),
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

/** Shifts by no number of bits that the type has leave nothing but the sign. */
function bitwise(operation: (a: bigint, b: bigint, call: Call) => bigint): Evaluator {
  return folding((call) => (a, b) => {
    const dataType = call.dataType(0);
    const second = call.type === 'BitShift' && !(b >= 0 && b < 64) ? 64 : b;
    return wrapped(operation(BigInt(a), BigInt(second), call), dataType);
  });
}

const mean: Evaluator = (call, outputs) => {
  const [sums] = folding(() => (a, b) => a + b)(call, outputs);
  return [sums!.map((sum) => sum / call.inputs.length)];
};

/** The sign follows the divisor, or the dividend with `fmod`. */
const modulo = folding((call) => (call.int('fmod', 0) === 0 ? floorModulo : (a, b) => a % b));

function floorModulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

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
  ...Object.fromEntries(
    Object.entries(WITH_ATTRIBUTES).map(([op, read]): [string, Evaluator] => [
      op,
      (call) => {
        const apply = read(call);
        return [call.values(0).map((value) => apply(value))];
      },
    ]),
  ),
  ...Object.fromEntries(Object.entries(BITWISE).map(([op, operation]) => [op, bitwise(operation)])),
  Mean: mean,
  Div: divide,
  Mod: modulo,
  Where: where,
  Cast: cast,
};
