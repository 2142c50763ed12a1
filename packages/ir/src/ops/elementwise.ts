import { broadcastAll } from '../shape-rules.ts';
import type { DataType } from '../tensor.ts';
import { type Attributes, optional } from './attribute.ts';
import { type CostKind, likeFirst, row, type ShapeRule } from './row.ts';

/** Elementwise with one operand. */
const unary = <const A extends Attributes>(
  onnx: readonly [string, number | null],
  cost: CostKind,
  attributes: A,
  note?: string,
) =>
  row<A>({
    onnx,
    attributes,
    operands: [1, 1],
    shapes: likeFirst,
    macs: 'none',
    cost,
    axes: 'kept',
    elementwise: true,
    ...(note !== undefined && { note }),
  });

/** The attribute alpha, with what ONNX takes where it is not stated. */
const alpha = (onnxDefault: number) => ({ alpha: optional('real', { onnxDefault }) });

/** Both bounds are operands in ONNX. */
const bounded = (onnx: readonly [string, number], note?: string) => ({
  ...unary(onnx, 'relu', { min: optional('real'), max: optional('real') }, note),
  indexOperands: true as const,
});

export const unaryOps = {
  /** Rectifiers with bounds: Relu has none, Relu6 has max 6; from 0 unless `min` says otherwise. */
  relu: bounded(['Relu', 1], 'also Relu6, Clip from 0'),
  clip: bounded(['Clip', 1]),
  sigmoid: unary(['Sigmoid', 1], 'transcendental', {}),
  hardsigmoid: unary(['HardSigmoid', 1], 'hswish', {
    ...alpha(0.2),
    beta: optional('real', { onnxDefault: 0.5 }),
  }),
  hswish: unary(['HardSwish', 14], 'hswish', {}),
  swish: unary(['Swish', 24], 'hswish', {}),
  gelu: unary(['Gelu', 20], 'transcendental', {}),
  mish: unary(['Mish', 18], 'transcendental', {}),
  tanh: unary(['Tanh', 1], 'transcendental', {}),
  leakyrelu: unary(['LeakyRelu', 1], 'relu', alpha(0.01)),
  elu: unary(['Elu', 1], 'transcendental', alpha(1)),
  selu: unary(['Selu', 1], 'transcendental', {
    ...alpha(1.6732632),
    beta: optional('real', { onnx: 'gamma', onnxDefault: 1.050701 }),
  }),
  celu: unary(['Celu', 12], 'transcendental', alpha(1)),
  thresholdedrelu: unary(['ThresholdedRelu', 10], 'relu', alpha(1)),
  softplus: unary(['Softplus', 1], 'transcendental', {}),
  softsign: unary(['Softsign', 1], 'transcendental', {}),
  erf: unary(['Erf', 9], 'transcendental', {}),
  exp: unary(['Exp', 1], 'transcendental', {}),
  log: unary(['Log', 1], 'transcendental', {}),
  sqrt: unary(['Sqrt', 1], 'relu', {}),
  rsqrt: unary(['Rsqrt', null], 'relu', {}),
  reciprocal: unary(['Reciprocal', 1], 'relu', {}),
  square: unary(['Square', null], 'relu', {}),
  neg: unary(['Neg', 1], 'relu', {}),
  abs: unary(['Abs', 1], 'relu', {}),
  sign: unary(['Sign', 9], 'relu', {}),
  floor: unary(['Floor', 1], 'relu', {}),
  ceil: unary(['Ceil', 1], 'relu', {}),
  round: unary(['Round', 11], 'relu', {}),
  sin: unary(['Sin', 7], 'transcendental', {}),
  cos: unary(['Cos', 7], 'transcendental', {}),
  tan: unary(['Tan', 7], 'transcendental', {}),
  asin: unary(['Asin', 7], 'transcendental', {}),
  acos: unary(['Acos', 7], 'transcendental', {}),
  atan: unary(['Atan', 7], 'transcendental', {}),
  sinh: unary(['Sinh', 9], 'transcendental', {}),
  cosh: unary(['Cosh', 9], 'transcendental', {}),
  asinh: unary(['Asinh', 9], 'transcendental', {}),
  acosh: unary(['Acosh', 9], 'transcendental', {}),
  atanh: unary(['Atanh', 9], 'transcendental', {}),
  /** Conversions and corrections of the colors of an image: RGB to HSV, hue, saturation, contrast. */
  recolor: unary(['Recolor', null], 'transcendental', {}),
  isnan: { ...unary(['IsNaN', 9], 'relu', {}), resultType: 'bool' as const },
  isinf: { ...unary(['IsInf', 10], 'relu', {}), resultType: 'bool' as const },
  isfinite: { ...unary(['IsFinite', null], 'relu', {}), resultType: 'bool' as const },
  not: { ...unary(['Not', 1], 'relu', {}), resultType: 'bool' as const },
};

const broadcast: ShapeRule<unknown> = (inputs) => {
  const shape = broadcastAll(inputs.map((input) => input.shape));
  const like = inputs.find((input) => input.layout && input.shape.length === shape.length);
  return [{ shape, layout: like?.layout }];
};

/** Elementwise with operands that broadcast. */
const broadcasting = (
  onnx: readonly [string, number | null],
  most = 2,
  cost: CostKind = 'add',
  more: { readonly resultType?: DataType } = {},
) =>
  row({
    onnx,
    attributes: {},
    operands: [1, most],
    shapes: broadcast,
    macs: 'none',
    cost,
    axes: 'kept',
    elementwise: true,
    ...more,
  });

const bool = { resultType: 'bool' } as const;
const ANY = Number.POSITIVE_INFINITY;

export const broadcastingOps = {
  /** Of any number of operands, as are max and min. */
  add: broadcasting(['Add', 1], ANY),
  sub: broadcasting(['Sub', 1]),
  mul: broadcasting(['Mul', 1]),
  div: broadcasting(['Div', 1]),
  pow: broadcasting(['Pow', 1], 2, 'transcendental'),
  mod: broadcasting(['Mod', 10]),
  max: broadcasting(['Max', 1], ANY),
  min: broadcasting(['Min', 1], ANY),
  equal: broadcasting(['Equal', 1], 2, 'add', bool),
  greater: broadcasting(['Greater', 1], 2, 'add', bool),
  less: broadcasting(['Less', 1], 2, 'add', bool),
  and: broadcasting(['And', 1], 2, 'add', bool),
  or: broadcasting(['Or', 1], 2, 'add', bool),
  xor: broadcasting(['Xor', 1], 2, 'add', bool),
  bitwiseand: broadcasting(['BitwiseAnd', 18]),
  bitwiseor: broadcasting(['BitwiseOr', 18]),
  bitwisexor: broadcasting(['BitwiseXor', 18]),
  atan2: broadcasting(['Atan2', null], 2, 'transcendental'),
  /** Complex numbers of their parts. */
  complex: broadcasting(['Complex', null]),
  where: broadcasting(['Where', 9], 3),
  prelu: broadcasting(['PRelu', 1], 2, 'relu'),
};
