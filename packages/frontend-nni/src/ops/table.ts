import type { OpAttributes } from '@nnmeter/ir';
import {
  type Call,
  fromFront,
  integer,
  type Operation,
  type OwnedConstant,
  type Rule,
} from '../call.ts';
import { concat, pad, permute, reshape, select, slice, split, swap } from './data-movement.ts';
import {
  adaptivePooling,
  convolution,
  pooling,
  reduction,
  transposedConvolution,
} from './windows.ts';

/** Ops that need nothing but their name. */
type PlainOp = {
  [O in keyof OpAttributes]: Record<string, never> extends OpAttributes[O] ? O : never;
}[keyof OpAttributes];

const plain =
  (op: PlainOp, attributes: OpAttributes[PlainOp] = {}): Rule =>
  () =>
    ({ op, attributes }) as Operation;

/** Element-wise with two operands, of which one may be a number. */
const binary =
  (op: 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'max' | 'min'): Rule =>
  ({ arguments: args, parameters }) => {
    const scalar = [args.get(0), args.get(1), parameters.other].find(
      (value) => typeof value === 'number',
    );
    if (scalar === undefined) return { op, attributes: {} };
    return {
      op,
      attributes: {},
      constants: [{ name: 'operand', shape: [], values: [scalar as number] }],
    };
  };

/** Functions of tensors that also compute sizes. */
const arithmetic: readonly [string, Rule][] = [
  ['add', binary('add')],
  ['sub', binary('sub')],
  ['mul', binary('mul')],
  ...names(['div', 'floordiv', 'floor_divide'], binary('div')),
  ['pow', binary('pow')],
];
export const ARITHMETIC: ReadonlySet<string> = new Set(arithmetic.map(([name]) => name));

const normalization =
  (op: 'bn' | 'layernorm' | 'groupnorm' | 'instancenorm', names: readonly string[]): Rule =>
  ({ parameters, inputs }) => {
    const input = inputs[0];
    if (input === undefined || input.length === 0) return undefined;
    const last = op === 'layernorm';
    const affine = parameters.affine !== false && parameters.elementwise_affine !== false;
    const shape = [input[last ? input.length - 1 : Math.min(1, input.length - 1)]!];
    const groups = op === 'groupnorm' ? integer(parameters.num_groups) : undefined;
    return {
      op,
      attributes: groups === undefined ? {} : { groups },
      constants: affine ? names.map((name) => ({ name, shape })) : [],
    } as Operation;
  };

const SCALE_AND_BIAS = ['scale', 'bias'];

const linear: Rule = ({ parameters, inputs, outputs }) => {
  const cin = inputs[0]?.at(-1);
  const cout = integer(parameters.out_features) ?? outputs[0]?.at(-1);
  if (cin === undefined || cout === undefined) return undefined;
  const weight: OwnedConstant = { name: 'weight', shape: [cout, cin], layout: 'OI' };
  const bias = parameters.bias === false ? [] : [{ name: 'bias', shape: [cout] }];
  return {
    op: 'fc',
    attributes: { transposeA: false, transposeB: true },
    constants: [weight, ...bias],
  };
};

const softmax =
  (op: 'softmax' | 'logsoftmax'): Rule =>
  ({ parameters, inputs, arguments: args }) => {
    const rank = inputs[0]?.length ?? 0;
    const axis = fromFront(integer(parameters.dim, args.get(1)) ?? -1, rank);
    return axis === undefined ? undefined : { op, attributes: { axis } };
  };

const product: Rule = () => ({
  op: 'matmul',
  attributes: { transposeA: false, transposeB: false },
});

const clip: Rule = ({ parameters, arguments: args }) => {
  const bound = (...values: unknown[]) => values.find((value) => typeof value === 'number');
  const min = bound(parameters.min_val, parameters.min, args.get(1)) as number | undefined;
  const max = bound(parameters.max_val, parameters.max, args.get(2)) as number | undefined;
  const attributes = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  return min === 0
    ? { op: 'relu', attributes: { ...(max !== undefined && { max }) } }
    : { op: 'clip', attributes };
};

const resize: Rule = ({ parameters, outputs: [sizes] }) => ({
  op: 'resize',
  attributes: {
    mode: typeof parameters.mode === 'string' ? parameters.mode : 'nearest',
    ...(sizes && { sizes }),
  },
});

const expand: Rule = ({ outputs: [shape] }) => ({
  op: 'expand',
  attributes: shape === undefined ? {} : { shape },
});

const pixelShuffle: Rule = ({ parameters, arguments: args }) => {
  const blockSize = integer(parameters.upscale_factor, args.get(1));
  return blockSize === undefined ? undefined : { op: 'depthtospace', attributes: { blockSize } };
};

/**
 * Types by their last part in lower case, without underscores at its ends: `conv2d` is
 * `__torch__.torch.nn.modules.conv.Conv2d` and NNI's own wrapper of it, `add` is `aten::add_`.
 */
export const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...names(['conv1d', 'conv2d', 'conv3d'], convolution),
  ...names(['convtranspose1d', 'convtranspose2d', 'convtranspose3d'], transposedConvolution),
  ['linear', linear],
  ...names(
    ['batchnorm1d', 'batchnorm2d', 'batchnorm3d', 'syncbatchnorm'],
    normalization('bn', [...SCALE_AND_BIAS, 'mean', 'variance']),
  ),
  ['layernorm', normalization('layernorm', SCALE_AND_BIAS)],
  ['groupnorm', normalization('groupnorm', SCALE_AND_BIAS)],
  ...names(['instancenorm1d', 'instancenorm2d'], normalization('instancenorm', SCALE_AND_BIAS)),

  ...names(['maxpool1d', 'maxpool2d', 'maxpool3d', 'max_pool2d'], pooling('maxpool')),
  ...names(['avgpool1d', 'avgpool2d', 'avgpool3d', 'avg_pool2d'], pooling('avgpool')),
  ...names(
    ['adaptiveavgpool1d', 'adaptiveavgpool2d', 'adaptiveavgpool3d', 'adaptive_avg_pool2d'],
    adaptivePooling('avgpool'),
  ),
  ...names(['adaptivemaxpool2d', 'adaptive_max_pool2d'], adaptivePooling('maxpool')),
  ['mean', reduction('reducemean')],
  ['sum', reduction('reducesum')],
  ['amax', reduction('reducemax')],
  ['amin', reduction('reducemin')],

  ['relu', plain('relu')],
  ['relu6', plain('relu', { max: 6 })],
  ...names(['hardtanh', 'clamp'], clip),
  ['sigmoid', plain('sigmoid')],
  ['hardsigmoid', plain('hardsigmoid')],
  ['hardswish', plain('hswish')],
  ['silu', plain('swish')],
  ['gelu', plain('gelu')],
  ['mish', plain('mish')],
  ['tanh', plain('tanh')],
  ...names(['leakyrelu', 'leaky_relu'], plain('leakyrelu')),
  ['prelu', (call) => ({ op: 'prelu', attributes: {}, constants: prelu(call) })],
  ['elu', plain('elu')],
  ['selu', plain('selu')],
  ['celu', plain('celu')],
  ['softplus', plain('softplus')],
  ['softsign', plain('softsign')],
  ['exp', plain('exp')],
  ['log', plain('log')],
  ['sqrt', plain('sqrt')],
  ['rsqrt', plain('rsqrt')],
  ['neg', plain('neg')],
  ['abs', plain('abs')],
  ['softmax', softmax('softmax')],
  ...names(['logsoftmax', 'log_softmax'], softmax('logsoftmax')),

  ...arithmetic,
  ['maximum', binary('max')],
  ['minimum', binary('min')],
  ...names(['matmul', 'bmm', 'mm'], product),

  ['cat', concat],
  ...names(['split', 'chunk', 'split_with_sizes'], split),
  ...names(
    ['reshape', 'view', 'flatten', 'squeeze', 'unsqueeze', 'unflatten', 'view_as', 'reshape_as'],
    reshape,
  ),
  ['permute', permute],
  ...names(['transpose', 't'], swap),
  ...names(['slice', 'mergedslice'], slice),
  ['select', select],
  ...names(['pad', 'constant_pad_nd', 'zeropad2d', 'constantpad2d'], pad),
  ['expand', expand],
  ...names(['upsample', 'upsamplingnearest2d', 'upsamplingbilinear2d', 'interpolate'], resize),
  ['pixelshuffle', pixelShuffle],
]);

/** Types that pass their first input on at inference. */
export const PASS_THROUGH: ReadonlySet<string> = new Set([
  ...['dropout', 'dropout2d', 'dropout3d', 'alphadropout', 'feature_dropout', 'droppath'],
  ...['identity', 'contiguous', 'detach', 'clone', 'alias'],
]);

function names(list: readonly string[], rule: Rule): [string, Rule][] {
  return list.map((name) => [name, rule]);
}

function prelu({ parameters }: Call): OwnedConstant[] {
  return [{ name: 'slope', shape: [integer(parameters.num_parameters) ?? 1] }];
}

/** The part of a type that says what it is. */
export function ruleName(type: string): string {
  const last = type.split(/[.:]/).at(-1)!;
  return last.replace(/^_+|_+$/g, '').toLowerCase();
}
