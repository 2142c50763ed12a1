import { NnMeterError, type Node, type NodeOf, type Op, type Shape } from '@nnmeter/ir';
import { type AxisOrder, identity, isIdentity, permuted } from './axis-order.ts';
import type { Attributes, OnnxGraph } from './onnx-graph.ts';
import type { OnnxAttribute } from './onnx-writer.ts';

/** How nodes of one op (or several) are written. */
export type Rule<O extends Op> = (target: OnnxGraph, node: { [K in O]: NodeOf<K> }[O]) => void;
export type Rules = { readonly [O in Op]?: Rule<O> };

const ints = (values: readonly number[]): OnnxAttribute => ({ ints: values });
const int = (value: number | boolean): OnnxAttribute => ({ int: Number(value) });

function floats(attributes: object): Attributes {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([, value]) => typeof value === 'number')
      .map(([name, value]) => [name, { float: value as number }]),
  );
}

/** One operand, its order kept. */
function unary(opType: string, opset = 13): Rule<Op> {
  return (target, node) => {
    target.require(opset);
    const [input] = node.inputs;
    const order = target.order(input!);
    target.emit(node, opType, [target.read(input!)], floats(node.attributes), [order]);
  };
}

/** x combined with a function of itself: swish, square, rsqrt have no op of their own. */
function composite(inner: string | undefined, outer: string): Rule<Op> {
  return (target, node) => {
    const input = target.read(node.inputs[0]!);
    const inside = inner === undefined ? input : target.extra(inner, node.name, [input]);
    const operands = outer === 'Mul' ? [input, inside] : [inside];
    target.emit(node, outer, operands, {}, [target.order(node.inputs[0]!)]);
  };
}

/** Operands of elementwise ops in one order: that of the first computed operand of full rank. */
function elementwise(opType: string): Rule<Op> {
  return (target, node) => {
    const rank = target.shape(node.outputs[0]!).length;
    const computed = node.inputs.filter((input) => !target.isConstant(input));
    const full = computed.find((input) => target.shape(input).length === rank);
    const sameRank = computed.every((input) => target.shape(input).length === rank);
    const order = full !== undefined && sameRank ? target.order(full) : identity(rank);
    const inputs = node.inputs.map((input) =>
      target.isConstant(input)
        ? alignedConstant(target, node, input, order)
        : target.read(input, sameRank ? order : identity(target.shape(input).length)),
    );
    target.emit(node, opType, inputs, {}, [order]);
  };
}

/** A broadcast constant for operands in that order: [C] becomes [C, 1, 1] beside a channels-first image. */
function alignedConstant(target: OnnxGraph, node: Node, name: string, order: AxisOrder): string {
  const shape = target.shape(name);
  if (node.sourceOp === 'BiasAdd' && target.tensor(node.outputs[0]!).layout?.startsWith('NC')) {
    return target.constant(name, [...shape, ...order.slice(2).map(() => 1)]);
  }
  if (shape.length === 0 || isIdentity(order)) return target.constant(name, shape);
  const padded = [...new Array<number>(order.length - shape.length).fill(1), ...shape];
  if (padded.filter((extent) => extent > 1).length > 1) {
    const constant = target.constant(name, padded);
    return target.extra('Transpose', name, [constant], { perm: ints(order) });
  }
  const moved = permuted(padded, order);
  const leading = moved.findIndex((extent) => extent > 1);
  return target.constant(name, leading < 0 ? [1] : moved.slice(leading));
}

const rectifier: Rule<'relu' | 'clip'> = (target, node) => {
  const { min, max } = node.attributes;
  const [input] = node.inputs;
  const order = [target.order(input!)];
  if (node.op === 'relu' && max === undefined) {
    target.emit(node, 'Relu', [target.read(input!)], {}, order);
    return;
  }
  const { dataType } = target.tensor(node.outputs[0]!);
  const bound = (role: string, value: number | undefined): string =>
    value === undefined ? '' : target.newConstant(`${node.name}/${role}`, [], dataType, [value]);
  const lower = bound('min', node.op === 'relu' ? (min ?? 0) : min);
  target.emit(node, 'Clip', [target.read(input!), lower, bound('max', max)], {}, order);
};

const convolution: Rule<'conv' | 'dwconv' | 'convtranspose'> = (target, node) => {
  const { kernelShape, strides, pads, dilations, group } = node.attributes;
  const [data, weight, bias] = node.inputs;
  const order = target.imageOrder(data!);
  const outOrder = target.imageOrder(node.outputs[0]!);
  const inChannels = permuted(target.shape(data!), order)[1]!;
  const outChannels = permuted(target.shape(node.outputs[0]!), outOrder)[1]!;
  const transposed = node.op === 'convtranspose';
  const shape = transposed
    ? [inChannels, outChannels / group, ...kernelShape]
    : [outChannels, inChannels / group, ...kernelShape];
  const inputs = [target.read(data!, order), parameter(target, node, weight, 'weight', shape)];
  if (bias) inputs.push(parameter(target, node, bias, 'bias', [outChannels]));
  const attributes: Attributes = {
    kernel_shape: ints(kernelShape),
    strides: ints(strides),
    pads: ints(pads),
    dilations: ints(dilations),
    group: int(group),
    ...(transposed && {
      output_padding: ints((node as NodeOf<'convtranspose'>).attributes.outputPadding),
    }),
  };
  target.emit(node, transposed ? 'ConvTranspose' : 'Conv', inputs, attributes, [outOrder]);
};

/** A weight of the graph with the shape ONNX wants, a computed one as it is, or a new one. */
function parameter(
  target: OnnxGraph,
  node: Node,
  name: string | undefined,
  role: string,
  shape: Shape,
): string {
  if (!name) {
    const { dataType } = target.tensor(node.inputs[0]!);
    return target.newConstant(`${node.name}/${role}`, shape, dataType);
  }
  return target.isConstant(name) ? target.constant(name, shape) : target.read(name);
}

function pooling(opType: string): Rule<'maxpool' | 'avgpool' | 'lppool'> {
  return (target, node) => {
    const { kernelShape, strides, pads, dilations, ceilMode } = node.attributes;
    const dilated = dilations.some((dilation) => dilation !== 1);
    if (dilated && opType === 'AveragePool') target.require(19);
    if (opType === 'LpPool' && (dilated || ceilMode)) target.require(18);
    const order = target.imageOrder(node.inputs[0]!);
    const attributes: Attributes = {
      kernel_shape: ints(kernelShape),
      strides: ints(strides),
      pads: ints(pads),
      ...(ceilMode && { ceil_mode: int(1) }),
      ...(dilated && { dilations: ints(dilations) }),
    };
    target.emit(node, opType, [target.read(node.inputs[0]!, order)], attributes, [order]);
  };
}

/** Scale, shift and statistics of a channel that the graph does not have are made. */
function normalization(
  opType: string,
  roles: readonly string[],
  attributesOf: (node: Node) => Attributes,
  opset = 13,
): Rule<Op> {
  return (target, node) => {
    target.require(opset);
    const [data, ...given] = node.inputs;
    const lastAxis = opType === 'LayerNormalization';
    const order = lastAxis ? identity(target.shape(data!).length) : target.imageOrder(data!);
    const shape = permuted(target.shape(data!), order);
    const extent = lastAxis ? shape.at(-1)! : shape[1]!;
    const parameters = roles.map((role, index) =>
      parameter(target, node, given[index], role, [extent]),
    );
    const inputs = [target.read(data!, order), ...parameters];
    target.emit(node, opType, inputs, attributesOf(node), [order]);
  };
}

const epsilon = (node: Node): Attributes => floats(node.attributes);

const fullyConnected: Rule<'fc'> = (target, node) => {
  const { transposeA, transposeB } = node.attributes;
  const [data, weight, bias] = node.inputs;
  const rank = target.shape(data!).length;
  const inFeatures = target.shape(data!).at(transposeA ? 0 : -1)!;
  const outFeatures = target.shape(node.outputs[0]!).at(-1)!;
  const x = target.read(data!, identity(rank));
  const asGemm = rank === 2 && (node.sourceOp === 'Gemm' || transposeA || transposeB || !!bias);
  const shape = asGemm && transposeB ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
  const inputs = [x, parameter(target, node, weight, 'weight', shape)];
  if (asGemm) {
    if (bias) inputs.push(parameter(target, node, bias, 'bias', [outFeatures]));
    const flags = { ...(transposeA && { transA: int(1) }), ...(transposeB && { transB: int(1) }) };
    target.emit(node, 'Gemm', inputs, flags);
  } else if (bias) {
    const product = target.extra('MatMul', node.name, inputs);
    target.emit(node, 'Add', [product, parameter(target, node, bias, 'bias', [outFeatures])]);
  } else target.emit(node, 'MatMul', inputs);
};

const matmul: Rule<'matmul'> = (target, node) => {
  const inputs = node.inputs.slice(0, 2).map((name, index) => {
    const rank = target.shape(name).length;
    const x = target.read(name, identity(rank));
    const transposed = index === 0 ? node.attributes.transposeA : node.attributes.transposeB;
    if (!transposed) return x;
    const perm = [...identity(rank).slice(0, -2), rank - 1, rank - 2];
    return target.extra('Transpose', name, [x], { perm: ints(perm) });
  });
  target.emit(node, 'MatMul', inputs);
};

const einsum: Rule<'einsum'> = (target, node) => {
  const inputs = node.inputs.map((name) => target.read(name, identity(target.shape(name).length)));
  target.emit(node, 'Einsum', inputs, { equation: { string: node.attributes.equation } });
};

const lrn: Rule<Op> = (target, node) => {
  const order = target.imageOrder(node.inputs[0]!);
  target.emit(node, 'LRN', [target.read(node.inputs[0]!, order)], { size: int(5) }, [order]);
};

/** An axis as it is after exporting. */
export function exportedAxis(order: AxisOrder, axis: number): OnnxAttribute {
  return int(order.indexOf(axis));
}

function alongAxis(opType: string): Rule<'softmax' | 'logsoftmax'> {
  return (target, node) => {
    const order = target.order(node.inputs[0]!);
    const attributes = { axis: exportedAxis(order, node.attributes.axis) };
    target.emit(node, opType, [target.read(node.inputs[0]!)], attributes, [order]);
  };
}

const l2norm: Rule<'l2norm'> = (target, node) => {
  const order = target.order(node.inputs[0]!);
  const axis = node.attributes.axis ?? order.length - 1;
  const attributes = { axis: exportedAxis(order, axis), p: int(2) };
  target.emit(node, 'LpNormalization', [target.read(node.inputs[0]!)], attributes, [order]);
};

const groupnorm: Rule<Op> = (target, node) => {
  const { groups } = (node as NodeOf<'groupnorm'>).attributes;
  if (groups === undefined) {
    throw new NnMeterError(
      'E_UNSUPPORTED_OP',
      `node "${node.name}" (${node.sourceOp}) cannot be exported: the number of groups is not known`,
    );
  }
  normalization(
    'GroupNormalization',
    ['scale', 'bias'],
    () => ({ num_groups: int(groups) }),
    21,
  )(target, node);
};

export const computeRules: Rules = {
  relu: rectifier,
  clip: rectifier,
  sigmoid: unary('Sigmoid'),
  hardsigmoid: unary('HardSigmoid'),
  hswish: unary('HardSwish', 14),
  swish: composite('Sigmoid', 'Mul'),
  square: composite(undefined, 'Mul'),
  rsqrt: composite('Sqrt', 'Reciprocal'),
  gelu: unary('Gelu', 20),
  mish: unary('Mish', 18),
  tanh: unary('Tanh'),
  leakyrelu: unary('LeakyRelu'),
  elu: unary('Elu'),
  selu: unary('Selu'),
  celu: unary('Celu'),
  softplus: unary('Softplus'),
  softsign: unary('Softsign'),
  erf: unary('Erf'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  reciprocal: unary('Reciprocal'),
  neg: unary('Neg'),
  abs: unary('Abs'),
  sign: unary('Sign'),
  floor: unary('Floor'),
  ceil: unary('Ceil'),
  round: unary('Round'),
  sin: unary('Sin'),
  cos: unary('Cos'),
  not: unary('Not'),
  identity: unary('Identity'),
  add: elementwise('Add'),
  sub: elementwise('Sub'),
  mul: elementwise('Mul'),
  div: elementwise('Div'),
  pow: elementwise('Pow'),
  mod: elementwise('Mod'),
  max: elementwise('Max'),
  min: elementwise('Min'),
  equal: elementwise('Equal'),
  greater: elementwise('Greater'),
  less: elementwise('Less'),
  and: elementwise('And'),
  or: elementwise('Or'),
  where: elementwise('Where'),
  prelu: elementwise('PRelu'),
  conv: convolution,
  dwconv: convolution,
  convtranspose: convolution,
  maxpool: pooling('MaxPool'),
  avgpool: pooling('AveragePool'),
  lppool: pooling('LpPool'),
  bn: normalization('BatchNormalization', ['scale', 'bias', 'mean', 'variance'], epsilon),
  instancenorm: normalization('InstanceNormalization', ['scale', 'bias'], epsilon),
  groupnorm,
  layernorm: normalization(
    'LayerNormalization',
    ['scale', 'bias'],
    (node) => ({
      axis: int(-1),
      ...floats({ epsilon: (node as NodeOf<'layernorm'>).attributes.epsilon }),
    }),
    17,
  ),
  lrn,
  l2norm,
  softmax: alongAxis('Softmax'),
  logsoftmax: alongAxis('LogSoftmax'),
  fc: fullyConnected,
  matmul,
  einsum,
};
