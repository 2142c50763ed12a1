import { normalizeAxis, type Op, type OpAttributes, type UnaryOp } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import type { Value } from '../value.ts';
import { activated } from './activation.ts';
import { float32, int8, options } from './options.ts';
import { plain, row, type TfLiteOp } from './rule.ts';

function unary<O extends Op>(op: string, canonical: O, attributes: OpAttributes[O]): TfLiteOp {
  return plain(op, (call) => [call.one(canonical, attributes, [call.input(0)])]);
}

function simple(op: string, canonical: UnaryOp): TfLiteOp {
  return unary(op, canonical, {});
}

/** Scaled by an option that only the values depend on. */
function overLastAxis(op: string, canonical: 'softmax' | 'logsoftmax' | 'l2norm'): TfLiteOp {
  return plain(op, (call) => {
    const axis = normalizeAxis(-1, call.shape(0).length);
    return [call.one(canonical, { axis }, [call.input(0)], { computes: 'unknown' })];
  });
}

type ExactFunction = 'floordiv' | 'notequal' | 'greaterorequal' | 'lessorequal';

type BroadcastingOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'mod'
  | 'pow'
  | 'max'
  | 'min'
  | 'equal'
  | 'greater'
  | 'less'
  | 'and'
  | 'or'
  | 'where'
  | 'prelu'
  | 'atan2'
  | 'bitwisexor';

/** With operands that broadcast. @param exact what it computes if that is not just what its op says */
function broadcasting(op: string, canonical: BroadcastingOp, exact?: ExactFunction): TfLiteOp {
  const options = exact && { computes: { function: exact, attributes: {} } as const };
  return plain(op, (call) => [call.one(canonical, {}, call.inputs, options)]);
}

/** The same with an activation after it, whose option is the first. */
function arithmetic(op: string, tag: number, canonical: BroadcastingOp): TfLiteOp {
  return row(op, options(tag, { activation: int8(0) }), (call, { activation }) =>
    activated(call, call.one(canonical, {}, call.inputs), activation),
  );
}

/** A condition of one axis chooses among rows, unless the operands have no more. */
function select(call: Call): readonly Value[] {
  const { length: rank } = call.shape(0);
  const choosesRows = rank > 0 && rank !== call.shape(1).length;
  return [call.one('where', {}, call.inputs, choosesRows ? { computes: 'unknown' } : {})];
}

function squaredDifference(call: Call): readonly Value[] {
  return [call.one('square', {}, [call.one('sub', {}, call.inputs)])];
}

export const elementwiseOps: readonly TfLiteOp[] = [
  arithmetic('ADD', 11, 'add'),
  arithmetic('SUB', 28, 'sub'),
  arithmetic('MUL', 21, 'mul'),
  arithmetic('DIV', 29, 'div'),
  broadcasting('ADD_N', 'add'),
  broadcasting('FLOOR_DIV', 'div', 'floordiv'),
  broadcasting('FLOOR_MOD', 'mod'),
  broadcasting('POW', 'pow'),
  broadcasting('MAXIMUM', 'max'),
  broadcasting('MINIMUM', 'min'),
  broadcasting('EQUAL', 'equal'),
  broadcasting('NOT_EQUAL', 'equal', 'notequal'),
  broadcasting('GREATER', 'greater'),
  broadcasting('GREATER_EQUAL', 'greater', 'greaterorequal'),
  broadcasting('LESS', 'less'),
  broadcasting('LESS_EQUAL', 'less', 'lessorequal'),
  broadcasting('LOGICAL_AND', 'and'),
  broadcasting('LOGICAL_OR', 'or'),
  broadcasting('BITWISE_XOR', 'bitwisexor'),
  broadcasting('ATAN2', 'atan2'),
  plain('SELECT', select),
  broadcasting('SELECT_V2', 'where'),
  broadcasting('PRELU', 'prelu'),
  plain('SQUARED_DIFFERENCE', squaredDifference),
  simple('RELU', 'relu'),
  unary('RELU6', 'relu', { min: 0, max: 6 }),
  unary('RELU_N1_TO_1', 'clip', { min: -1, max: 1 }),
  unary('RELU_0_TO_1', 'relu', { min: 0, max: 1 }),
  row('LEAKY_RELU', options(75, { alpha: float32(0) }), (call, { alpha }) => [
    call.one('leakyrelu', { alpha }, [call.input(0)]),
  ]),
  simple('ELU', 'elu'),
  simple('HARD_SWISH', 'hswish'),
  plain('GELU', (call) => [call.one('gelu', {}, [call.input(0)], { computes: 'unknown' })]),
  simple('LOGISTIC', 'sigmoid'),
  simple('TANH', 'tanh'),
  simple('EXP', 'exp'),
  simple('LOG', 'log'),
  simple('SIN', 'sin'),
  simple('COS', 'cos'),
  simple('SQRT', 'sqrt'),
  simple('RSQRT', 'rsqrt'),
  simple('SQUARE', 'square'),
  simple('NEG', 'neg'),
  simple('ABS', 'abs'),
  simple('SIGN', 'sign'),
  simple('FLOOR', 'floor'),
  simple('CEIL', 'ceil'),
  simple('ROUND', 'round'),
  simple('LOGICAL_NOT', 'not'),
  overLastAxis('SOFTMAX', 'softmax'),
  overLastAxis('LOG_SOFTMAX', 'logsoftmax'),
  overLastAxis('L2_NORMALIZATION', 'l2norm'),
  unary('LOCAL_RESPONSE_NORMALIZATION', 'lrn', {}),
];
