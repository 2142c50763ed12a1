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

/** The numbers, and the least and largest that they stand for. */
function quantized(context: OpContext) {
  return node('quantize', {}, { operands: [0], shapes: [context.shape(0), [], []] });
}

/** Of [batch, classes]: the loss, and its gradient. */
function crossEntropy(context: OpContext) {
  const [batch, classes] = context.shape(0);
  const shapes = [[batch!], [batch!, classes!]];
  return node('softmax', { axis: 1 }, { operands: [0], shapes });
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
  // Special functions are series like erf.
  [
    'Erf Erfc Erfinv Ndtri Lgamma Digamma Dawsn Expint BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1 BesselY0 BesselY1 BesselK0 BesselK0e BesselK1 BesselK1e Spence FresnelCos FresnelSin',
    plain('erf'),
  ],
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
  ['Tan', plain('tan')],
  ['Asin', plain('asin')],
  ['Acos', plain('acos')],
  ['Atan Angle', plain('atan')],
  ['Sinh', plain('sinh')],
  ['Cosh', plain('cosh')],
  ['Asinh', plain('asinh')],
  ['Acosh', plain('acosh')],
  ['Atanh', plain('atanh')],
  ['ComplexAbs', plain('abs')],
  ['Conj', plain('neg')],
  ['Real Imag', unary('cast', (context) => ({ to: context.outputType }))],
  ['Complex', binary('complex')],
  ['IsNan', plain('isnan')],
  ['IsInf', plain('isinf')],
  ['IsFinite', plain('isfinite')],
  ['RGBToHSV HSVToRGB AdjustContrastv2 AdjustHue AdjustSaturation', plain('recolor')],
  ['QuantizeV2', quantized],
  ['Dequantize', unary('dequantize', () => ({}))],
  ['LogicalNot Invert', plain('not')],
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
  ['Add AddV2 AddN AccumulateNV2', binary('add')],
  ['Sub SquaredDifference', binary('sub')],
  ['Mul MulNoNan Cross', binary('mul')],
  ['RealDiv Div DivNoNan FloorDiv TruncateDiv Xdivy', binary('div')],
  ['Pow Xlogy Xlog1py', binary('pow')],
  ['Atan2', binary('atan2')],
  ['BitwiseAnd', binary('bitwiseand')],
  ['BitwiseOr', binary('bitwiseor')],
  ['BitwiseXor', binary('bitwisexor')],
  ['FloorMod Mod TruncateMod', binary('mod')],
  ['Maximum', binary('max')],
  ['Minimum', binary('min')],
  ['Equal NotEqual', binary('equal')],
  ['Greater GreaterEqual', binary('greater')],
  ['Less LessEqual', binary('less')],
  ['LogicalAnd', binary('and')],
  ['LogicalOr', binary('or')],
  ['Select SelectV2', binary('where')],
  ['SoftmaxCrossEntropyWithLogits SparseSoftmaxCrossEntropyWithLogits', crossEntropy],
];
