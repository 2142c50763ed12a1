import type { Layout, Op, OpAttributes, UnaryOp } from '@nnmeter/ir';
import { node, type OpContext, type Rows, type Rule } from './rule.ts';

function unary<O extends Op>(op: O, attributes: (context: OpContext) => OpAttributes[O]): Rule {
  return (context) => node(op, attributes(context), { operands: [0] });
}

function plain(op: UnaryOp): Rule {
  return unary(op, () => ({}));
}

/** Elementwise with operands that broadcast. */
function binary(op: Op): Rule {
  return () => node(op, {});
}

function axisOf(context: OpContext): { axis: number } {
  return { axis: context.shape(0).length - 1 };
}

export const elementwiseRows: Rows = [
  ['Relu', unary('relu', () => ({}))],
  ['Relu6', unary('relu', () => ({ min: 0, max: 6 }))],
  ['ClipByValue', unary('clip', (context) => ({ min: context.value(1), max: context.value(2) }))],
  ['LeakyRelu', unary('leakyrelu', (context) => ({ alpha: context.attribute('alpha')?.f ?? 0.2 }))],
  ['Elu', unary('elu', () => ({}))],
  ['Selu', unary('selu', () => ({}))],
  ['Softmax', unary('softmax', axisOf)],
  ['LogSoftmax', unary('logsoftmax', axisOf)],
  ['Sigmoid', plain('sigmoid')],
  ['Tanh', plain('tanh')],
  ['Softplus', plain('softplus')],
  ['Softsign', plain('softsign')],
  ['Erf Erfc', plain('erf')],
  ['Exp Expm1', plain('exp')],
  ['Log Log1p', plain('log')],
  ['Sqrt', plain('sqrt')],
  ['Rsqrt', plain('rsqrt')],
  ['Reciprocal Inv', plain('reciprocal')],
  ['Square', plain('square')],
  ['Neg', plain('neg')],
  ['Abs', plain('abs')],
  ['Sign', plain('sign')],
  ['Floor', plain('floor')],
  ['Ceil', plain('ceil')],
  ['Round Rint', plain('round')],
  ['Sin', plain('sin')],
  ['Cos', plain('cos')],
  ['LogicalNot', plain('not')],
  [
    'BiasAdd BiasAddV1',
    (context) =>
      node(
        'add',
        {},
        {
          shapes: [context.shape(0)],
          layout: context.inputs[0]!.layout ?? (context.text('data_format', 'NHWC') as Layout),
        },
      ),
  ],
  ['Add AddV2 AddN', binary('add')],
  ['Sub SquaredDifference', binary('sub')],
  ['Mul', binary('mul')],
  ['RealDiv Div DivNoNan FloorDiv TruncateDiv', binary('div')],
  ['Pow', binary('pow')],
  ['FloorMod Mod TruncateMod', binary('mod')],
  ['Maximum', binary('max')],
  ['Minimum', binary('min')],
  ['Equal NotEqual', binary('equal')],
  ['Greater GreaterEqual', binary('greater')],
  ['Less LessEqual', binary('less')],
  ['LogicalAnd', binary('and')],
  ['LogicalOr', binary('or')],
  ['Select SelectV2', binary('where')],
];
