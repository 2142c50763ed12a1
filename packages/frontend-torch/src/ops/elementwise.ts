import type { Op, OpAttributes, UnaryOp } from '@nnmeter/ir';
import type { Call, Rule } from '../call.ts';
import { dataTypeOf } from '../program.ts';
import type { Value } from '../value.ts';
import type { Row } from './row.ts';

/** The operand of a function of one tensor. */
const operand = (call: Call): Value => call.tensor(call.has('input') ? 'input' : 'self');

const unary =
  (op: UnaryOp): Rule =>
  (call) =>
    call.finish(op, {}, [operand(call)]);

/** With its slope or scale as alpha. */
const withAlpha =
  (op: 'leakyrelu' | 'elu' | 'celu' | 'thresholdedrelu', argument: string): Rule =>
  (call) => {
    const alpha = call.number(argument);
    call.finish(op, alpha === undefined ? {} : { alpha }, [operand(call)]);
  };

const HARD_SIGMOID = { alpha: 1 / 6, beta: 0.5 };
const hardSigmoid: Rule = (call) => call.finish('hardsigmoid', HARD_SIGMOID, [operand(call)]);

/** A clip from 0 is a rectifier. Decompositions clip the lower and the upper end in two nodes, which are one. */
const clip =
  (lower: string, upper: string): Rule =>
  (call) => {
    if (call.optional(lower) ?? call.optional(upper)) return clipByTensors(call, lower, upper);
    const bounds = { min: call.number(lower), max: call.number(upper) };
    const before = call.tensor('self').producer;
    if (before?.op !== 'clip' && before?.op !== 'relu') {
      return finishClip(call, call.tensor('self'), bounds);
    }
    const { min = before.op === 'relu' ? 0 : undefined, max } = before.attributes as Partial<
      Record<'min' | 'max', number>
    >;
    finishClip(call, before.inputs[0]!, {
      min: most(min, bounds.min, Math.max),
      max: most(max, bounds.max, Math.min),
    });
  };

function most(
  a: number | undefined,
  b: number | undefined,
  choose: (a: number, b: number) => number,
): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : choose(a, b);
}

function finishClip(
  call: Call,
  input: Value,
  bounds: { readonly min: number | undefined; readonly max: number | undefined },
): void {
  const { min, max } = bounds;
  const upper = max === undefined ? {} : { max };
  if (min === 0) call.finish('relu', upper, [input]);
  else call.finish('clip', { ...(min !== undefined && { min }), ...upper }, [input]);
}

function clipByTensors(call: Call, lower: string, upper: string): void {
  const [low, high] = [call.optional(lower), call.optional(upper)];
  const input = call.tensor('self');
  if (low === undefined) call.finish('min', {}, [input, high]);
  else if (high === undefined) call.finish('max', {}, [input, low]);
  else call.finish('min', {}, [call.step('max', {}, [input, low]), high]);
}

type BinaryOp = Extract<
  Op,
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'mod'
  | 'max'
  | 'min'
  | 'equal'
  | 'greater'
  | 'less'
  | 'and'
  | 'or'
>;

/** Of two tensors, or of a tensor and a number. */
export const binary =
  (op: BinaryOp, first = 'self', second = 'other'): Rule =>
  (call) =>
    call.finish(op, {}, [operandOf(call, first), operandOf(call, second)]);

function operandOf(call: Call, name: string): Value {
  const value = call.optional(name);
  return value ?? call.scalar(call.number(name) ?? (call.flag(name) ? 1 : Number.NaN));
}

/** alpha scales the second operand first. */
const sum =
  (op: 'add' | 'sub', first = 'self', second = 'other'): Rule =>
  (call) => {
    const alpha = call.number('alpha') ?? 1;
    const [a, b] = [operandOf(call, first), operandOf(call, second)];
    if (isNothing(op, a, b)) return call.alias(a);
    call.finish(op, {}, [a, alpha === 1 ? b : call.step('mul', {}, [b, call.scalar(alpha)])]);
  };

const multiplication: Rule = (call) => {
  const [a, b] = [operandOf(call, 'self'), operandOf(call, 'other')];
  if (isNothing('mul', a, b)) return call.alias(a);
  call.finish('mul', {}, [a, b]);
};

/** x + 0, x - 0, x * 1. */
function isNothing(op: 'add' | 'sub' | 'mul', a: Value, b: Value): boolean {
  return a.kind !== 'constant' && b.shape?.length === 0 && b.values?.[0] === (op === 'mul' ? 1 : 0);
}

/** Rounded down where a mode says so. */
const division: Rule = (call) => {
  const operands = [operandOf(call, 'self'), operandOf(call, 'other')];
  if (!call.has('rounding_mode') && call.op !== 'floor_divide') {
    const gated = hardSigmoidOf(operands);
    if (gated !== undefined) return call.finish('hardsigmoid', HARD_SIGMOID, [gated]);
    return call.finish('div', {}, operands);
  }
  call.finish('floor', {}, [call.step('div', {}, operands)]);
};

/** x, if it is relu6(x + 3) / 6 that is computed: so core aten writes a hard sigmoid. */
function hardSigmoidOf([dividend, divisor]: readonly Value[]): Value | undefined {
  const clipped = dividend?.producer;
  const { max } = (clipped?.attributes ?? {}) as OpAttributes['relu'];
  const sum = clipped?.op === 'relu' && max === 6 ? clipped.inputs[0]?.producer : undefined;
  const isShifted = sum?.op === 'add' && sum.inputs[1]?.values?.[0] === 3;
  return isShifted && divisor?.values?.[0] === 6 ? sum.inputs[0] : undefined;
}

const power: Rule = (call) => {
  const exponent = call.number('exponent');
  if (exponent === 2) return call.finish('square', {}, [call.tensor('self')]);
  if (exponent === 0.5) return root(call);
  call.finish('pow', {}, [operandOf(call, 'self'), operandOf(call, 'exponent')]);
};

/** The root of a sum of squares is one reduction, which core aten writes out. */
const root: Rule = (call) => {
  const input = call.tensor('self');
  const squared =
    input.producer?.op === 'reducesum' ? input.producer.inputs[0]?.producer : undefined;
  if (squared?.op !== 'square') call.finish('sqrt', {}, [input]);
  else {
    const attributes = input.producer!.attributes as OpAttributes['reducesum'];
    call.finish('reducel2', attributes, [squared.inputs[0]]);
  }
};

const notEqual: Rule = (call) =>
  call.finish('not', {}, [
    call.step('equal', {}, [operandOf(call, 'self'), operandOf(call, 'other')]),
  ]);

/** self + value * tensor1 * tensor2, or by the second. */
const fused =
  (op: 'mul' | 'div'): Rule =>
  (call) => {
    const term = call.step(op, {}, [call.tensor('tensor1'), call.tensor('tensor2')]);
    const value = call.number('value') ?? 1;
    const scaled = value === 1 ? term : call.step('mul', {}, [term, call.scalar(value)]);
    call.finish('add', {}, [call.tensor('self'), scaled]);
  };

/** Core aten guards the softmax against rows that are masked out as a whole; exporters and runtimes do not. */
const where: Rule = (call) => {
  const condition = call.tensor('condition');
  const guarded = call.optional('other');
  if (guarded?.producer?.op === 'softmax' && readsScores(condition, guarded.producer.inputs[0])) {
    return call.alias(guarded);
  }
  call.finish('where', {}, [condition, operandOf(call, 'self'), operandOf(call, 'other')]);
};

/** not any(not (scores == -inf)). */
function readsScores(condition: Value, scores: Value | undefined): boolean {
  let value: Value | undefined = condition;
  for (const op of ['not', 'reducemax', 'not', 'equal']) {
    const step: Value['producer'] = value?.producer;
    if (step?.op !== op) return false;
    if (op === 'equal') return step.inputs[0] === scores && isLowest(step.inputs[1]);
    value = step.inputs[0];
  }
  return false;
}

function isLowest(value: Value | undefined): boolean {
  return value?.values?.[0] === Number.NEGATIVE_INFINITY;
}

const maskedFill: Rule = (call) =>
  call.finish('where', {}, [call.tensor('mask'), operandOf(call, 'value'), call.tensor('self')]);

/** To another type of elements; to the same it is nothing. */
const cast: Rule = (call) => {
  const input = call.tensor('self');
  const stated = call.stated[0]?.dataType;
  const to = call.has('dtype') ? dataTypeOf(call.number('dtype')) : (stated ?? input.dataType);
  if (to === input.dataType) return call.alias(input);
  call.finish('cast', { to }, [input]);
};

const gated: Rule = (call) => {
  const shape = call.shape('self');
  const axis = call.axis('dim', shape.length);
  const half = shape[axis]! / 2;
  const part = (start: number) =>
    call.step('slice', { starts: [start], ends: [start + half], axes: [axis], steps: [1] }, [
      call.tensor('self'),
    ]);
  call.finish('mul', {}, [part(0), call.step('sigmoid', {}, [part(half)])]);
};

/** softplus(-x), negated. */
const logSigmoid: Rule = (call) => {
  const negated = call.step('neg', {}, [call.tensor('self')]);
  call.finish('neg', {}, [call.step('softplus', {}, [negated])]);
};

const prelu: Rule = (call) =>
  call.finish('prelu', {}, [call.tensor('self'), call.tensor('weight')]);

const UNARY: Readonly<Partial<Record<string, UnaryOp>>> = {
  relu: 'relu',
  sigmoid: 'sigmoid',
  hardswish: 'hswish',
  silu: 'swish',
  mish: 'mish',
  tanh: 'tanh',
  selu: 'selu',
  erf: 'erf',
  exp: 'exp',
  log: 'log',
  rsqrt: 'rsqrt',
  reciprocal: 'reciprocal',
  square: 'square',
  neg: 'neg',
  abs: 'abs',
  sign: 'sign',
  floor: 'floor',
  ceil: 'ceil',
  trunc: 'floor',
  sin: 'sin',
  cos: 'cos',
  logical_not: 'not',
  bitwise_not: 'not',
};

const BINARY: Readonly<Record<string, BinaryOp>> = {
  maximum: 'max',
  minimum: 'min',
  remainder: 'mod',
  fmod: 'mod',
  eq: 'equal',
  gt: 'greater',
  ge: 'greater',
  lt: 'less',
  le: 'less',
  logical_and: 'and',
  bitwise_and: 'and',
  logical_or: 'or',
  bitwise_or: 'or',
};

export const elementwiseRows: readonly Row[] = [
  ...Object.entries(UNARY).map(([name, op]): Row => [`${name}(self)`, unary(op!)]),
  ...Object.entries(BINARY).map(([name, op]): Row => [`${name}(self, other)`, binary(op)]),
  ['sqrt(self)', root],
  ['gelu(self, approximate=none)', unary('gelu')],
  ['softplus(self, beta=1, threshold=20)', unary('softplus')],
  ['round(self, decimals=0)', unary('round')],
  ['relu6(self)', (call) => finishClip(call, call.tensor('self'), { min: 0, max: 6 })],
  ['hardtanh(self, min_val=-1, max_val=1)', clip('min_val', 'max_val')],
  ['clamp(self, min=None, max=None)', clip('min', 'max')],
  ['clip(self, min=None, max=None)', clip('min', 'max')],
  ['clamp_min(self, min)', clip('min', 'none')],
  ['clamp_max(self, max)', clip('none', 'max')],
  ['hardsigmoid(self)', hardSigmoid],
  ['leaky_relu(self, negative_slope=0.01)', withAlpha('leakyrelu', 'negative_slope')],
  ['elu(self, alpha=1, scale=1, input_scale=1)', withAlpha('elu', 'alpha')],
  ['celu(self, alpha=1.0)', withAlpha('celu', 'alpha')],
  ['threshold(self, threshold, value)', withAlpha('thresholdedrelu', 'threshold')],
  ['glu(self, dim=-1)', gated],
  ['log_sigmoid(self)', logSigmoid],
  ['prelu(self, weight)', prelu],
  ['_prelu_kernel(self, weight)', prelu],
  ['add(self, other, alpha=1)', sum('add')],
  ['sub(self, other, alpha=1)', sum('sub')],
  ['rsub(self, other, alpha=1)', sum('sub', 'other', 'self')],
  ['mul(self, other)', multiplication],
  ['div(self, other, rounding_mode=None)', division],
  ['true_divide(self, other)', division],
  ['floor_divide(self, other)', division],
  ['pow(self, exponent)', power],
  ['ne(self, other)', notEqual],
  ['addcmul(self, tensor1, tensor2, value=1)', fused('mul')],
  ['addcdiv(self, tensor1, tensor2, value=1)', fused('div')],
  ['where(condition, self, other)', where],
  ['masked_fill(self, mask, value)', maskedFill],
  ['to(self, dtype=None, non_blocking=False, copy=False, memory_format=None)', cast],
  ['type_as(self, other)', cast],
  ['_to_copy(self, dtype=None, non_blocking=False, memory_format=None)', cast],
];
