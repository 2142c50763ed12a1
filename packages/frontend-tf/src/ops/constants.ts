import { filled, rangeLength, range as rangeOf } from '@nnmeter/constants';
import { broadcastShapes, elementCount, NnMeterError, type Shape } from '@nnmeter/ir';
import { knownShape, smallValues } from '../tensor-value.ts';
import { constant, type Lowered, node, type OpContext, type Rows, type Rule } from './rule.ts';

const alias: Rule = () => ({ kind: 'alias', input: 0 });

function stored(context: OpContext) {
  const tensor = context.attribute('value')?.tensor ?? {};
  const shape = knownShape(tensor.tensorShape) ?? [];
  return constant(shape, smallValues(tensor, shape));
}

/** A trained variable: its shape is an attribute, its values are never read. */
function variable(context: OpContext) {
  return constant(knownShape(context.attribute('shape')?.shape) ?? []);
}

/** Random values: only training and dropout use them; their shape is their first input. */
function random(context: OpContext) {
  return constant(context.values(0));
}

function fill(shape: Shape, value: number | undefined) {
  if (shape.some((extent) => !(extent >= 0))) {
    throw new NnMeterError('E_SHAPE', `a tensor cannot have the shape [${shape.join(', ')}]`);
  }
  return constant(shape, filled(shape, value));
}

function range(context: OpContext) {
  const bounds = context.inputs.map(({ values }) => values?.[0]);
  if (bounds.includes(undefined)) return constant([context.assumptions.size('topk')]);
  const [start, limit, delta] = [context.value(0), context.value(1), context.value(2)];
  return constant([rangeLength(start, limit, delta)], rangeOf(start, limit, delta));
}

function shapes(context: OpContext): Lowered {
  const results = context.inputs.map((_, index) => {
    const values = context.shape(index);
    return { shape: [values.length], values };
  });
  return { kind: 'constant', results };
}

function broadcastShape(context: OpContext) {
  const shape = broadcastShapes(context.values(0), context.values(1));
  return constant([shape.length], shape);
}

/** Where each of several tensors begins in their concatenation: the axis, then the shapes. */
function offsets(context: OpContext): Lowered {
  const axis = context.value(0);
  let offset = 0;
  const results = context.inputs.slice(1).map((_, index) => {
    const shape = context.values(index + 1);
    const values = shape.map((_, place) => (place === axis ? offset : 0));
    offset += shape[axis] ?? 0;
    return { shape: [values.length], values };
  });
  return { kind: 'constant', results };
}

/** State of a random generator. */
const keyAndCounter: Lowered = { kind: 'constant', results: [{ shape: [1] }, { shape: [2] }] };

/** The handle of a table that words are looked up in. */
const table: Rule = () => constant([]);

/** Our own op before the first step of a loop: a part of the state that steps replace. */
export const LOOP_STATE = 'LoopState';

/** Counters and shapes stay known; the zeros that recurrent networks begin with are what the first step computes with. */
const loopState: Rule = ({ inputs: [state] }) =>
  state?.kind === 'constant' && state.shape !== undefined && state.shape.length > 1
    ? node('identity', {}, { runs: true })
    : { kind: 'alias', input: 0 };

/** Ops that vanish: pass-throughs, constants, and what only asks for shapes. */
export const constantRows: Rows = [
  ['Const HostConst', stored],
  ['VarHandleOp Variable VariableV2', variable],
  [
    'RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal StatelessRandomUniform StatelessRandomUniformV2 StatelessRandomUniformInt StatelessRandomUniformIntV2 StatelessRandomNormal StatelessRandomNormalV2 StatelessTruncatedNormal StatelessTruncatedNormalV2',
    random,
  ],
  [
    'Identity IdentityN ReadVariableOp StopGradient PreventGradient CheckNumerics Snapshot EnsureShape PlaceholderWithDefault FakeQuantWithMinMaxVars FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVarsPerChannel QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 GuaranteeConst RefIdentity DeepCopy Copy CopyHost DisableCopyOnRead DebugIdentity DebugIdentityV2 DebugIdentityV3 CheckNumericsV2 Enter Exit RefEnter RefExit LoopCond NextIteration RefNextIteration Switch RefSwitch _SwitchN Merge RefMerge',
    alias,
  ],
  ['Shape VariableShape', (context) => constant([context.shape(0).length], context.shape(0))],
  ['Size', (context) => constant([], [elementCount(context.shape(0))])],
  ['Rank', (context) => constant([], [context.shape(0).length])],
  ['Fill', (context) => fill(context.values(0), context.inputs[1]?.values?.[0])],
  ['ZerosLike', (context) => fill(context.shape(0), 0)],
  ['OnesLike', (context) => fill(context.shape(0), 1)],
  ['Range', range],
  [LOOP_STATE, loopState],
  ['ShapeN', shapes],
  ['BroadcastArgs', broadcastShape],
  ['ConcatOffset', offsets],
  ['LinSpace', (context) => constant([context.value(2)])],
  ['Empty', (context) => constant(context.values(0))],
  ['StatelessRandomGetKeyCounter', () => keyAndCounter],
  ['StatelessRandomGetAlg', () => constant([])],
  ['HashTable HashTableV2 MutableHashTable MutableHashTableV2 MutableDenseHashTableV2', table],
];
