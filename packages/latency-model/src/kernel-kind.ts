import type { Op } from '@nnmeter/ir';

/**
 * What a kernel's first stage computes, as far as latency is concerned. The order is part of the binary weights format:
 * append only.
 */
export const KERNEL_KINDS = [
  'conv',
  'dwconv',
  'fc',
  'maxpool',
  'avgpool',
  'gap',
  'add',
  'concat',
  'bn',
  'relu',
  'hswish',
  'se',
  'channelshuffle',
  'split',
  'reshape',
  'convtranspose',
  'matmul',
  'softmax',
  'normalization',
  'transcendental',
  'reduce',
  'copy',
  'resize',
  'recurrent',
  'sort',
  'other',
] as const;

export type KernelKind = (typeof KERNEL_KINDS)[number];

/** Numeric kinds: `KIND.conv === 0`. */
export const KIND = Object.freeze(
  Object.fromEntries(KERNEL_KINDS.map((kind, index) => [kind, index])),
) as Readonly<Record<KernelKind, number>>;

const SAME_NAME = new Set<string>(KERNEL_KINDS);

const OPS_OF_KIND: Partial<Record<KernelKind, readonly (Op | string)[]>> = {
  add: ['sub', 'mul', 'div', 'max', 'min', 'mod', 'where', 'equal', 'greater', 'less', 'and', 'or'],
  reshape: ['identity', 'shape'],
  hswish: ['swish', 'hardsigmoid'],
  matmul: ['einsum', 'attention'],
  softmax: ['logsoftmax'],
  normalization: ['layernorm', 'groupnorm', 'instancenorm', 'rmsnorm', 'lrn', 'l2norm'],
  relu: [
    'clip',
    'leakyrelu',
    'prelu',
    'reciprocal',
    'square',
    'neg',
    'abs',
    'sign',
    'floor',
    'ceil',
    'round',
    'not',
    'quantize',
    'dequantize',
    'cast',
    'sqrt',
    'rsqrt',
  ],
  transcendental: [
    'sigmoid',
    'gelu',
    'mish',
    'tanh',
    'elu',
    'selu',
    'celu',
    'softplus',
    'softsign',
    'erf',
    'exp',
    'log',
    'sin',
    'cos',
    'pow',
  ],
  reduce: [
    'globalmaxpool',
    'reducemean',
    'reducesum',
    'reducemax',
    'reducemin',
    'reduceprod',
    'reducel2',
    'argmax',
    'argmin',
    'cumsum',
  ],
  copy: [
    'slice',
    'transpose',
    'pad',
    'gather',
    'scatter',
    'tile',
    'expand',
    'depthtospace',
    'spacetodepth',
    'onehot',
  ],
  avgpool: ['lppool'],
  recurrent: ['lstm', 'gru', 'rnn'],
  sort: ['topk', 'nonmaxsuppression'],
};

const KIND_OF_STAGE: ReadonlyMap<string, number> = new Map([
  ...KERNEL_KINDS.map((kind, index) => [kind, index] as const),
  ...Object.entries(OPS_OF_KIND).flatMap(([kind, ops]) =>
    ops.map((op) => [op as string, KIND[kind as KernelKind]] as const),
  ),
]);

/** Kind of a kernel by its first stage (an op, or a block such as `se`). */
export function kindOfStage(stage: string): number {
  return KIND_OF_STAGE.get(stage) ?? KIND.other;
}

/** Whether the op is the kind itself and not a relative that borrows its cost, e.g. `add` but not `sub`. */
export function isKindItself(stage: string): boolean {
  return SAME_NAME.has(stage);
}
