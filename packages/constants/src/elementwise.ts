import type { DataType, Shape } from '@nnmeter/ir';
import { broadcast, type ConstantArray, type Elements } from './array.ts';
import { exact, hasUnknowns, isInteger, roundHalfToEven, wrapped } from './types.ts';

/** Numbers that an elementwise function takes beside its operands; what is left out has ONNX's default. */
export interface ElementwiseAttributes {
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

type Unary = (x: number, attributes: ElementwiseAttributes) => number;
type Binary = (a: number, b: number) => number;

/** By Kummer's series, whose terms are all positive: 2 / sqrt(pi) * exp(-x^2) * sum of 2^n x^(2n+1) / (2n+1)!! */
function erf(x: number): number {
  if (Number.isNaN(x) || Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = 0;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const unary = {
  identity: (x) => x,
  neg: (x) => -x,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfToEven,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  square: (x) => x * x,
  exp: Math.exp,
  log: Math.log,
  expm1: Math.expm1,
  log1p: Math.log1p,
  sign: Math.sign,
  reciprocal: (x) => 1 / x,
  not: (x) => Number(x === 0),
  bitwisenot: (x) => -x - 1,
  relu: (x, { min = 0, max = Number.POSITIVE_INFINITY }) => Math.min(Math.max(x, min), max),
  clip: (x, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }) =>
    Math.min(Math.max(x, min), max),
  sigmoid,
  softplus: (x) => Math.log1p(Math.exp(x)),
  softsign: (x) => x / (1 + Math.abs(x)),
  swish: (x, { alpha = 1 }) => x * sigmoid(alpha * x),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  hswish: (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)),
  hardsigmoid: (x, { alpha = 0.2, beta = 0.5 }) => Math.max(0, Math.min(1, alpha * x + beta)),
  leakyrelu: (x, { alpha = 0.01 }) => (x < 0 ? alpha * x : x),
  thresholdedrelu: (x, { alpha = 1 }) => (x > alpha ? x : 0),
  elu: (x, { alpha = 1 }) => (x < 0 ? alpha * Math.expm1(x) : x),
  celu: (x, { alpha = 1 }) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha)),
  selu: (x, { alpha = 1.67326319, beta = 1.05070102 }) =>
    beta * (x > 0 ? x : alpha * Math.expm1(x)),
  /** Within `alpha` of 0 it is 0, outside it is drawn to 0 by `beta`. */
  shrink: (x, { alpha = 0.5, beta = 0 }) => (x < -alpha ? x + beta : x > alpha ? x - beta : 0),
  erf,
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  tanhgelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  isnan: (x) => Number(Number.isNaN(x)),
  /** `min` 0: not of negative infinity; `max` 0: not of positive. */
  isinf: (x, { min = 1, max = 1 }) =>
    Number(
      (max !== 0 && x === Number.POSITIVE_INFINITY) ||
        (min !== 0 && x === Number.NEGATIVE_INFINITY),
    ),
  isfinite: (x) => Number(Number.isFinite(x)),
} satisfies Record<string, Unary>;

/** The sign follows the divisor. */
function floorModulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

const binary = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  /** Of integers without the fraction. */
  div: (a, b) => a / b,
  floordiv: (a, b) => Math.floor(a / b),
  truncdiv: (a, b) => Math.trunc(a / b),
  mod: floorModulo,
  /** The sign follows the dividend. */
  fmod: (a, b) => a % b,
  pow: (a, b) => a ** b,
  min: Math.min,
  max: Math.max,
  equal: (a, b) => Number(a === b),
  notequal: (a, b) => Number(a !== b),
  greater: (a, b) => Number(a > b),
  greaterorequal: (a, b) => Number(a >= b),
  less: (a, b) => Number(a < b),
  lessorequal: (a, b) => Number(a <= b),
  and: (a, b) => Number(a !== 0 && b !== 0),
  or: (a, b) => Number(a !== 0 || b !== 0),
  xor: (a, b) => Number((a !== 0) !== (b !== 0)),
  prelu: (x, slope) => (x < 0 ? slope * x : x),
  atan2: Math.atan2,
  squareddifference: (a, b) => (a - b) ** 2,
} satisfies Record<string, Binary>;

/** Of two integers; bits shifted out of the type are lost. */
const ofIntegers = {
  bitwiseand: (a, b) => a & b,
  bitwiseor: (a, b) => a | b,
  bitwisexor: (a, b) => a ^ b,
  leftshift: (a, b) => (b >= 0n && b < 64n ? a << b : 0n),
  rightshift: (a, b) => a >> (b >= 0n && b < 64n ? b : 64n),
} satisfies Record<string, (a: bigint, b: bigint) => bigint>;

/** Where numbers do not hold the result of integers exactly. */
const LARGE: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
};

/** Elementwise with one operand. */
export type UnaryFunction = keyof typeof unary;
/** Elementwise with operands that broadcast. */
export type BinaryFunction = keyof typeof binary | keyof typeof ofIntegers;

export const unaryFunctions = Object.keys(unary) as readonly UnaryFunction[];
export const binaryFunctions = [
  ...Object.keys(binary),
  ...Object.keys(ofIntegers),
] as readonly BinaryFunction[];

export function applyUnary(
  name: UnaryFunction,
  { values, dataType }: ConstantArray,
  attributes: ElementwiseAttributes,
): Elements {
  const apply: Unary = unary[name];
  if (hasUnknowns(dataType) && values.some(Number.isNaN)) {
    return values.map((value) => (Number.isNaN(value) ? value : apply(value, attributes)));
  }
  return values.map((value) => apply(value, attributes));
}

/** Applied pairwise from the left, broadcasting. */
export function applyBinary(
  name: BinaryFunction,
  operands: readonly ConstantArray[],
  shape: Shape,
): Elements {
  const { dataType } = operands[0]!;
  const known = ofTwo(name, dataType);
  const isPartial =
    hasUnknowns(dataType) && operands.some(({ values }) => values.some(Number.isNaN));
  const combine: Binary = isPartial
    ? (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : known(a, b))
    : known;
  let result = broadcast(operands[0]!, shape);
  for (const operand of operands.slice(1)) {
    const other = broadcast(operand, shape);
    result = result.map((value, index) => combine(value, other[index]!));
  }
  return result;
}

function ofTwo(name: BinaryFunction, dataType: DataType): Binary {
  if (name in ofIntegers) {
    const apply = ofIntegers[name as keyof typeof ofIntegers];
    return (a, b) =>
      Number.isInteger(a) && Number.isInteger(b)
        ? wrapped(apply(exact(a), exact(b)), dataType)
        : Number.NaN;
  }
  const apply: Binary = binary[name as keyof typeof binary];
  if (!isInteger(dataType)) return apply;
  if (name === 'div') return binary.truncdiv;
  const large = LARGE[name];
  if (large === undefined) return apply;
  return (a, b) => {
    const result = apply(a, b);
    if (Math.abs(result) <= Number.MAX_SAFE_INTEGER || !Number.isInteger(result)) return result;
    return wrapped(large(exact(a), exact(b)), dataType);
  };
}
