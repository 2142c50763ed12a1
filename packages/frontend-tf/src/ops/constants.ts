import { elementCount, NnMeterError, type Shape } from '@nnmeter/ir';
import { knownShape, smallValues } from '../tensor-value.ts';
import { node, type OpContext, type Rows, type Rule } from './rule.ts';

const alias: Rule = () => ({ kind: 'alias', input: 0 });

function constant(context: OpContext) {
  const tensor = context.attribute('value')?.tensor ?? {};
  const shape = knownShape(tensor.tensorShape) ?? [];
  return { kind: 'constant', shape, values: smallValues(tensor, shape) } as const;
}

/** A trained variable: its shape is an attribute, its values are never read. */
function variable(context: OpContext) {
  return { kind: 'constant', shape: knownShape(context.attribute('shape')?.shape) ?? [] } as const;
}

/** Random values: only training and dropout use them; their shape is their first input. */
function random(context: OpContext) {
  return { kind: 'constant', shape: context.values(0) } as const;
}

function filled(shape: Shape, value: number | undefined) {
  if (shape.some((extent) => !(extent >= 0))) {
    throw new NnMeterError('E_SHAPE', `a tensor cannot have the shape [${shape.join(', ')}]`);
  }
  const count = elementCount(shape);
  const values =
    value === undefined || count > 64 ? undefined : new Array<number>(count).fill(value);
  return { kind: 'constant', shape, values } as const;
}

function range(context: OpContext) {
  const [start, limit, delta] = [context.value(0), context.value(1), context.value(2)];
  const count = Math.max(0, Math.ceil((limit - start) / delta)) || 0;
  const values =
    count > 64 ? undefined : Array.from({ length: count }, (_, index) => start + index * delta);
  return { kind: 'constant', shape: [count], values } as const;
}

/** Ops that vanish: pass-throughs, constants, and what only asks for shapes. */
export const constantRows: Rows = [
  ['Const', constant],
  ['VarHandleOp Variable VariableV2', variable],
  [
    'RandomUniform RandomStandardNormal TruncatedNormal StatelessRandomUniform StatelessRandomUniformV2',
    random,
  ],
  [
    'Identity IdentityN ReadVariableOp StopGradient PreventGradient CheckNumerics Snapshot EnsureShape PlaceholderWithDefault FakeQuantWithMinMaxVars FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVarsPerChannel Enter Exit RefEnter RefExit LoopCond Switch Merge RefSwitch RefMerge',
    alias,
  ],
  [
    'Shape',
    (context) => ({ kind: 'constant', shape: [context.shape(0).length], values: context.shape(0) }),
  ],
  [
    'Size',
    (context) => ({ kind: 'constant', shape: [], values: [elementCount(context.shape(0))] }),
  ],
  ['Rank', (context) => ({ kind: 'constant', shape: [], values: [context.shape(0).length] })],
  ['Fill', (context) => filled(context.values(0), context.inputs[1]?.values?.[0])],
  ['ZerosLike', (context) => filled(context.shape(0), 0)],
  ['OnesLike', (context) => filled(context.shape(0), 1)],
  ['Range', range],
  ['Where', () => node('custom', {}, { shapes: [undefined] })],
];
