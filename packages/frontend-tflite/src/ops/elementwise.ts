import { normalizeAxis, type Op, type OpAttributes } from '@nnmeter/ir';
import { BROADCASTING_OPERATORS, RECTIFIERS, UNARY_OPERATORS } from '@nnmeter/tflite-schema';
import type { Call } from '../call.ts';
import type { Value } from '../value.ts';
import { activated, type Bounds, rectified } from './activation.ts';
import { plain, row, type TfLiteOp } from './rule.ts';

function unary<O extends Op>(op: string, canonical: O, attributes: OpAttributes[O]): TfLiteOp {
  return plain(op, (call) => [call.one(canonical, attributes, [call.input(0)])]);
}

function rectifier(op: string, bounds: Bounds): TfLiteOp {
  return plain(op, (call) => [rectified(call, call.input(0), bounds)]);
}

/** Scaled by an option that only the values depend on. */
function overLastAxis(op: string, canonical: 'softmax' | 'logsoftmax' | 'l2norm'): TfLiteOp {
  return plain(op, (call) => {
    const axis = normalizeAxis(-1, call.shape(0).length);
    return [call.one(canonical, { axis }, [call.input(0)], { computes: 'unknown' })];
  });
}

type BroadcastingOperator = keyof typeof BROADCASTING_OPERATORS;

/** What operators compute that do more than their canonical op says. */
const EXACT = {
  FLOOR_DIV: 'floordiv',
  NOT_EQUAL: 'notequal',
  GREATER_EQUAL: 'greaterorequal',
  LESS_EQUAL: 'lessorequal',
} as const satisfies Partial<Record<BroadcastingOperator, string>>;

/** With operands that broadcast. */
function broadcasting(op: BroadcastingOperator): TfLiteOp {
  const exact = EXACT[op as keyof typeof EXACT];
  const options = exact && { computes: { function: exact, attributes: {} } as const };
  return plain(op, (call) => [call.one(BROADCASTING_OPERATORS[op], {}, call.inputs, options)]);
}

/** The same with an activation after it. */
function arithmetic(op: 'ADD' | 'SUB' | 'MUL' | 'DIV'): TfLiteOp {
  return row(op, (call, { activation }) =>
    activated(call, call.one(BROADCASTING_OPERATORS[op], {}, call.inputs), activation),
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

const WITH_ACTIVATION = ['ADD', 'SUB', 'MUL', 'DIV'] as const;
const unaryOperators = Object.entries(UNARY_OPERATORS);
const broadcastingOperators = Object.keys(BROADCASTING_OPERATORS) as BroadcastingOperator[];

export const elementwiseOps: readonly TfLiteOp[] = [
  ...broadcastingOperators.map(broadcasting),
  ...WITH_ACTIVATION.map(arithmetic),
  ...unaryOperators.map(([op, canonical]) => unary(op, canonical, {})),
  ...Object.entries(RECTIFIERS).map(([op, bounds]) => rectifier(op, bounds)),
  plain('GELU', (call) => [call.one('gelu', {}, [call.input(0)], { computes: 'unknown' })]),
  plain('SELECT', select),
  plain('SQUARED_DIFFERENCE', squaredDifference),
  row('LEAKY_RELU', (call, { alpha }) => [call.one('leakyrelu', { alpha }, [call.input(0)])]),
  overLastAxis('SOFTMAX', 'softmax'),
  overLastAxis('LOG_SOFTMAX', 'logsoftmax'),
  overLastAxis('L2_NORMALIZATION', 'l2norm'),
  unary('LOCAL_RESPONSE_NORMALIZATION', 'lrn', {}),
];
