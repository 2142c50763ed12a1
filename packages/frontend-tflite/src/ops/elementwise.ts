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

function overLastAxis(op: string, canonical: 'softmax' | 'logsoftmax' | 'l2norm'): TfLiteOp {
  return plain(op, (call) => {
    const axis = normalizeAxis(-1, call.shape(0).length);
    return [call.one(canonical, { axis }, [call.input(0)])];
  });
}

/** With operands that broadcast. */
function broadcasting(op: keyof typeof BROADCASTING_OPERATORS): TfLiteOp {
  return plain(op, (call) => [call.one(BROADCASTING_OPERATORS[op], {}, call.inputs)]);
}

/** The same with an activation after it. */
function arithmetic(op: 'ADD' | 'SUB' | 'MUL' | 'DIV'): TfLiteOp {
  return row(op, (call, { activation }) =>
    activated(call, call.one(BROADCASTING_OPERATORS[op], {}, call.inputs), activation),
  );
}

function squaredDifference(call: Call): readonly Value[] {
  return [call.one('square', {}, [call.one('sub', {}, call.inputs)])];
}

const WITH_ACTIVATION = ['ADD', 'SUB', 'MUL', 'DIV'] as const;
const unaryOperators = Object.entries(UNARY_OPERATORS);
const broadcastingOperators = Object.keys(
  BROADCASTING_OPERATORS,
) as (keyof typeof BROADCASTING_OPERATORS)[];

export const elementwiseOps: readonly TfLiteOp[] = [
  ...broadcastingOperators.map(broadcasting),
  ...WITH_ACTIVATION.map(arithmetic),
  ...unaryOperators.map(([op, canonical]) => unary(op, canonical, {})),
  ...Object.entries(RECTIFIERS).map(([op, bounds]) => rectifier(op, bounds)),
  plain('SQUARED_DIFFERENCE', squaredDifference),
  row('LEAKY_RELU', (call, { alpha }) => [call.one('leakyrelu', { alpha }, [call.input(0)])]),
  overLastAxis('SOFTMAX', 'softmax'),
  overLastAxis('LOG_SOFTMAX', 'logsoftmax'),
  overLastAxis('L2_NORMALIZATION', 'l2norm'),
  unary('LOCAL_RESPONSE_NORMALIZATION', 'lrn', {}),
];
