import { asType } from '@nnmeter/constants';
import { broadcastAll, type DataType, type Op, type OpAttributes, opRow, ops } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { dataTypeOf } from '../data-types.ts';
import {
  type Computation,
  computation,
  constant,
  type Row,
  type Rule,
  shaped,
  unchanged,
} from '../outcome.ts';

/** The attributes that an op has under the same meaning in ONNX, by its row. */
function readAttributes<O extends Op>(op: O): (call: Call) => OpAttributes[O] {
  const columns = Object.entries(opRow(op).attributes);
  if (columns.length === 0) return () => ({}) as OpAttributes[O];
  return (call) => {
    const values: Record<string, number> = {};
    for (const [name, { kind, onnx = name, onnxDefault }] of columns) {
      if (onnxDefault === undefined && call.attribute(onnx) === undefined) continue;
      const otherwise = onnxDefault ?? 0;
      values[name] = kind === 'integer' ? call.int(onnx, otherwise) : call.float(onnx, otherwise);
    }
    return values as OpAttributes[O];
  };
}

/** An op of one operand, with the attributes of its row; what else a node reads became attributes. */
export function unary(op: Op): Rule {
  const read = readAttributes(op);
  return (call) => computation(op, read(call), { inputs: FIRST });
}

const FIRST = [0] as const;

/** An op of several operands that broadcast. */
export function broadcasting(op: Op, dataType?: (call: Call) => DataType): Rule {
  const read = readAttributes(op);
  return (call) => computation(op, read(call), { dataTypes: [dataType?.(call)] });
}

/** What ONNX calls as the canonical vocabulary does, from the rows of the ops; broadcasting as NumPy's came with opset 7. */
export const rowsOfElementwiseOps: readonly Row[] = ops.flatMap((op): Row[] => {
  const { elementwise, operands, onnx } = opRow(op);
  const [name, since] = onnx;
  if (!elementwise || since === null) return [];
  return [operands[1] === 1 ? [name, '', 1, unary(op)] : [name, '', 7, broadcasting(op)]];
});

/** An op outside the vocabulary whose result is like its operand. */
const other: Rule = (call) => shaped('custom', {}, [call.input(0).shape], { inputs: FIRST });

/** An op outside the vocabulary whose operands broadcast. */
const otherBroadcasting: Rule = (call) => shaped('custom', {}, [broadcastAll(call.shapes())]);

/** Ops of any number of tensors; of one they do nothing. */
function variadic(rule: Rule): Rule {
  return (call) => (call.inputs.length === 1 ? unchanged(call) : rule(call));
}

const clip: Rule = (call) => {
  const bound = (name: 'min' | 'max', index: number): number | undefined => {
    const value = call.has(index)
      ? call.knownValues(index)?.[0]
      : call.float(name, Number.POSITIVE_INFINITY);
    return value === undefined || Math.abs(value) > 1e38 ? undefined : value;
  };
  return clipped(bound('min', 1), bound('max', 2));
};

/** A clip from 0 is a rectifier; bounds computed from data are left out. */
function clipped(min: number | undefined, max: number | undefined): Computation {
  const upper = max === undefined ? {} : { max };
  if (min === 0) return computation('relu', upper, { inputs: FIRST });
  return computation('clip', min === undefined ? upper : { min, ...upper }, { inputs: FIRST });
}

function castTo(call: Call, to: DataType): ReturnType<Rule> {
  const input = call.input(0);
  if (to === input.dataType) return unchanged(call);
  return computation('cast', { to }, { dataTypes: [to], inputs: FIRST });
}

const cast: Rule = (call) => castTo(call, dataTypeOf(call.requireInt('to')));

/** Reads only the type of its second input: the result for a constant is one whatever the other is. */
const castLike: Rule = (call) => {
  const to = call.dataType(1);
  if (!call.isConstant(0)) return castTo(call, to);
  const values = call.knownValues(0);
  return constant(to, call.shape(0), values && asType(values, to));
};

/** Elementwise ops that ONNX names otherwise, has several of, or whose attributes are operands there. */
export const elementwiseRows: readonly Row[] = [
  ['GreaterOrEqual', '', 7, broadcasting('greater')],
  ['LessOrEqual', '', 7, broadcasting('less')],
  ['Where', '', 7, broadcasting('where', (call) => call.dataType(1))],
  ['Sum', '', 8, variadic(broadcasting('add'))],
  ['Max', '', 8, variadic(broadcasting('max'))],
  ['Min', '', 8, variadic(broadcasting('min'))],
  ['Mean', '', 8, variadic(otherBroadcasting)],
  ['Clip', '', 1, clip],
  ['Cast', '', 6, cast],
  ['CastLike', '', 15, castLike],
  ['BitCast', '', 26, cast],
  ['Gelu', 'com.microsoft', 1, unary('gelu')],
  ['FastGelu', 'com.microsoft', 1, unary('gelu')],
  ['QuickGelu', 'com.microsoft', 1, unary('gelu')],
  ['BiasGelu', 'com.microsoft', 1, broadcasting('gelu')],
  ['Shrink', '', 1, other],
  ['BitwiseNot', '', 1, other],
  ['BitShift', '', 7, otherBroadcasting],
];
