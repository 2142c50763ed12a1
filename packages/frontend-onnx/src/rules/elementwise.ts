import { broadcastShapes, type DataType, type Op, type OpAttributes } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { dataTypeOf } from '../data-types.ts';
import { castValues } from '../evaluate/arithmetic.ts';
import { alias, type Computation, computation, constant, type Row, type Rule } from '../outcome.ts';

/** Ops of one tensor that keep its shape, known or not. */
export function unary<O extends Op>(
  op: O,
  attributes: (call: Call) => OpAttributes[O],
  dataType?: DataType,
): Rule {
  return (call) =>
    computation(op, attributes(call), [call.input(0).shape], {
      dataTypes: [dataType],
      inputs: [0],
    });
}

/** Ops of several tensors that broadcast. */
export function broadcasting<O extends Op>(
  op: O,
  attributes: (call: Call) => OpAttributes[O],
  dataType?: (call: Call) => DataType,
): Rule {
  return (call) =>
    computation(op, attributes(call), [call.shapes().reduce((a, b) => broadcastShapes(a, b), [])], {
      dataTypes: [dataType?.(call)],
    });
}

const none = (): Record<never, never> => ({});
const bool = (): DataType => 'bool';

function alpha(alphaDefault: number): (call: Call) => { readonly alpha: number } {
  return (call) => ({ alpha: call.float('alpha', alphaDefault) });
}

const UNARY: Readonly<Record<string, Rule>> = {
  Relu: unary('relu', none),
  Sigmoid: unary('sigmoid', none),
  Tanh: unary('tanh', none),
  HardSwish: unary('hswish', none),
  Mish: unary('mish', none),
  Gelu: unary('gelu', none),
  Swish: unary('swish', none),
  Softplus: unary('softplus', none),
  Softsign: unary('softsign', none),
  LeakyRelu: unary('leakyrelu', alpha(0.01)),
  Elu: unary('elu', alpha(1)),
  Celu: unary('celu', alpha(1)),
  Selu: unary('selu', (call) => ({
    alpha: call.float('alpha', 1.6732632),
    beta: call.float('gamma', 1.050701),
  })),
  HardSigmoid: unary('hardsigmoid', (call) => ({
    alpha: call.float('alpha', 0.2),
    beta: call.float('beta', 0.5),
  })),
  ThresholdedRelu: unary('custom', alpha(1)),
  Shrink: unary('custom', none),
  Erf: unary('erf', none),
  Exp: unary('exp', none),
  Log: unary('log', none),
  Sqrt: unary('sqrt', none),
  Reciprocal: unary('reciprocal', none),
  Neg: unary('neg', none),
  Abs: unary('abs', none),
  Sign: unary('sign', none),
  Floor: unary('floor', none),
  Ceil: unary('ceil', none),
  Round: unary('round', none),
  Sin: unary('sin', none),
  Cos: unary('cos', none),
  Not: unary('not', none, 'bool'),
  BitwiseNot: unary('custom', none),
  IsNaN: unary('custom', none, 'bool'),
  IsInf: unary('custom', none, 'bool'),
};
const OTHER_FUNCTIONS = ['Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh'];

const BROADCASTING: Readonly<Record<string, Rule>> = {
  Add: broadcasting('add', none),
  Sub: broadcasting('sub', none),
  Mul: broadcasting('mul', none),
  Div: broadcasting('div', none),
  Pow: broadcasting('pow', none),
  Mod: broadcasting('mod', none),
  PRelu: broadcasting('prelu', none),
  Equal: broadcasting('equal', none, bool),
  Greater: broadcasting('greater', none, bool),
  GreaterOrEqual: broadcasting('greater', none, bool),
  Less: broadcasting('less', none, bool),
  LessOrEqual: broadcasting('less', none, bool),
  And: broadcasting('and', none, bool),
  Or: broadcasting('or', none, bool),
  Xor: broadcasting('custom', none, bool),
  BitShift: broadcasting('custom', none),
  BitwiseAnd: broadcasting('custom', none),
  BitwiseOr: broadcasting('custom', none),
  BitwiseXor: broadcasting('custom', none),
  Where: broadcasting('where', none, (call) => call.dataType(1)),
};

/** Ops of any number of tensors; of one they do nothing. */
function variadic(op: 'add' | 'max' | 'min' | 'custom'): Rule {
  const rule = broadcasting(op, none);
  return (call) => (call.inputs.length === 1 ? alias(call.input(0)) : rule(call));
}

const clip: Rule = (call) => {
  const bound = (name: 'min' | 'max', index: number): number | undefined => {
    const value = call.has(index)
      ? call.input(index).values?.[0]
      : call.float(name, Number.POSITIVE_INFINITY);
    return value === undefined || Math.abs(value) > 1e38 ? undefined : value;
  };
  return clipped(call, bound('min', 1), bound('max', 2));
};

/** A clip from 0 is a rectifier; bounds computed from data are left out. */
function clipped(call: Call, min: number | undefined, max: number | undefined): Computation {
  const upper: OpAttributes['relu'] = max === undefined ? {} : { max };
  const shapes = [call.input(0).shape];
  if (min === 0) return computation('relu', upper, shapes, { inputs: [0] });
  return computation('clip', min === undefined ? upper : { min, ...upper }, shapes, {
    inputs: [0],
  });
}

function castTo(call: Call, to: DataType): ReturnType<Rule> {
  const input = call.input(0);
  if (to === input.dataType) return alias(input);
  return computation('cast', { to }, [input.shape], { dataTypes: [to], inputs: [0] });
}

const cast: Rule = (call) => castTo(call, dataTypeOf(call.requireInt('to')));

/** Reads only the type of its second input: the result for a constant is one whatever the other is. */
const castLike: Rule = (call) => {
  const to = call.dataType(1);
  if (!call.isConstant(0)) return castTo(call, to);
  const { values } = call.input(0);
  return constant(to, call.shape(0), values && castValues(values, to));
};

export const elementwiseRows: readonly Row[] = [
  ...Object.entries(UNARY).map(([op, rule]): Row => [op, '', 1, rule]),
  ...OTHER_FUNCTIONS.map((op): Row => [op, '', 7, unary('custom', none)]),
  ...Object.entries(BROADCASTING).map(([op, rule]): Row => [op, '', 7, rule]),
  ['Sum', '', 8, variadic('add')],
  ['Max', '', 8, variadic('max')],
  ['Min', '', 8, variadic('min')],
  ['Mean', '', 8, variadic('custom')],
  ['Clip', '', 1, clip],
  ['Cast', '', 6, cast],
  ['CastLike', '', 15, castLike],
  ['Gelu', 'com.microsoft', 1, unary('gelu', none)],
  ['FastGelu', 'com.microsoft', 1, unary('gelu', none)],
  ['QuickGelu', 'com.microsoft', 1, unary('gelu', none)],
  ['BiasGelu', 'com.microsoft', 1, broadcasting('gelu', none)],
];
