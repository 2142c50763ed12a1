import type { UnaryOp } from '@nnmeter/ir';

/** By Padding. */
export const PADDING = { SAME: 0, VALID: 1 } as const;

/** By ActivationFunctionType. */
export const ACTIVATIONS = ['NONE', 'RELU', 'RELU_N1_TO_1', 'RELU6', 'TANH', 'SIGN_BIT'] as const;

/** By MirrorPadMode. */
export const MIRROR_MODES = ['reflect', 'symmetric'] as const;

/** Operators of one operand and no options, with the canonical op that each of them is. */
export const UNARY_OPERATORS = {
  ELU: 'elu',
  HARD_SWISH: 'hswish',
  GELU: 'gelu',
  LOGISTIC: 'sigmoid',
  TANH: 'tanh',
  EXP: 'exp',
  LOG: 'log',
  SIN: 'sin',
  COS: 'cos',
  SQRT: 'sqrt',
  RSQRT: 'rsqrt',
  SQUARE: 'square',
  NEG: 'neg',
  ABS: 'abs',
  SIGN: 'sign',
  FLOOR: 'floor',
  CEIL: 'ceil',
  ROUND: 'round',
  LOGICAL_NOT: 'not',
} as const satisfies Readonly<Record<string, UnaryOp>>;

/** Operators whose operands broadcast; of two that are one canonical op the first is the one to write. */
export const BROADCASTING_OPERATORS = {
  ADD: 'add',
  SUB: 'sub',
  MUL: 'mul',
  DIV: 'div',
  ADD_N: 'add',
  FLOOR_DIV: 'div',
  FLOOR_MOD: 'mod',
  POW: 'pow',
  MAXIMUM: 'max',
  MINIMUM: 'min',
  EQUAL: 'equal',
  NOT_EQUAL: 'equal',
  GREATER: 'greater',
  GREATER_EQUAL: 'greater',
  LESS: 'less',
  LESS_EQUAL: 'less',
  LOGICAL_AND: 'and',
  LOGICAL_OR: 'or',
  BITWISE_XOR: 'bitwisexor',
  ATAN2: 'atan2',
  SELECT_V2: 'where',
  SELECT: 'where',
  PRELU: 'prelu',
} as const;

/** The bounds of rectifiers: from 0 unless they say otherwise. */
export const RECTIFIERS = {
  RELU: {},
  RELU6: { min: 0, max: 6 },
  RELU_0_TO_1: { min: 0, max: 1 },
  RELU_N1_TO_1: { min: -1, max: 1 },
} as const satisfies Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;

/** The oldest version of an operator that TFLite's own kernels register, where that is not 1. */
export const OLDEST_VERSIONS: Readonly<Record<string, number>> = { BROADCAST_TO: 2 };
