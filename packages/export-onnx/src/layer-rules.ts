import {
  type AxisOrder,
  filterOrder,
  identity,
  matrixForm,
  permuted,
  transposedFilterOrder,
} from '@nnmeter/export';
import {
  elementCount,
  inferOutputShapes,
  type Node,
  type NodeOf,
  type Op,
  type OpAttributes,
  opRow,
} from '@nnmeter/ir';
import type { Attributes, OnnxGraph } from './onnx-graph.ts';
import { quantizedProduct, readsBytes } from './quantized-rules.ts';
import { int, ints, notExported, parameter, type Rule, type Rules } from './rule.ts';

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
  const form = {
    shape,
    ...(weight && { order: weightOrder(target, node, weight, inChannels) }),
    weightRole: { fanIn: elementCount(shape.slice(1)) },
  };
  const inputs = [target.read(data!, order), parameter(target, node, weight, 'weight', form)];
  if (bias) inputs.push(parameter(target, node, bias, 'bias', { shape: [outChannels] }));
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
  if (transposed) {
    target.emit(node, 'ConvTranspose', inputs, attributes, [outOrder]);
    return;
  }
  const written = product(target, node, 'Conv', inputs);
  target.emit(node, written.opType, written.inputs, attributes, [outOrder]);
};

/** The axes of a convolution's weight in ONNX's order: results, operands, sides; transposed the other way round. */
function weightOrder(target: OnnxGraph, node: Node, name: string, inChannels: number): AxisOrder {
  const weight = target.tensor(name);
  const sides = 'DHW'.slice(5 - target.shape(name).length);
  return node.op === 'convtranspose'
    ? transposedFilterOrder(weight, inChannels, `IO${sides}`)
    : filterOrder(weight, `OI${sides}`);
}

/** The ONNX op for a convolution or product, and its operands: of bytes they have scales. */
function product(
  target: OnnxGraph,
  node: Node,
  name: 'Conv' | 'MatMul',
  inputs: readonly string[],
): { readonly opType: string; readonly inputs: readonly string[] } {
  return readsBytes(target, node)
    ? quantizedProduct(target, node, name, inputs)
    : { opType: name, inputs };
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
): Rule<Op> {
  return (target, node) => {
    const [data, ...given] = node.inputs;
    const lastAxis = opRow(node.op).axes === 'kept';
    const order = lastAxis ? identity(target.shape(data!).length) : target.imageOrder(data!);
    const shape = permuted(target.shape(data!), order);
    const extent = lastAxis ? shape.at(-1)! : shape[1]!;
    const parameters = roles.map((role, index) =>
      parameter(target, node, given[index], role, {
        shape: [extent],
        weightRole: role === 'scale' || role === 'variance' ? 'factor' : 'shift',
      }),
    );
    const inputs = [target.read(data!, order), ...parameters];
    target.emit(node, opType, inputs, attributesOf(node), [order]);
  };
}

function epsilon(node: Node): Attributes {
  const { epsilon } = node.attributes as OpAttributes['bn'];
  return epsilon === undefined ? {} : { epsilon: { float: epsilon } };
}

const overLastAxis = (node: Node): Attributes => ({ axis: int(-1), ...epsilon(node) });

const lrn: Rule<Op> = (target, node) => {
  const order = target.imageOrder(node.inputs[0]!);
  target.emit(node, 'LRN', [target.read(node.inputs[0]!, order)], { size: int(5) }, [order]);
};

const groupnorm: Rule<Op> = (target, node) => {
  const { groups } = (node as NodeOf<'groupnorm'>).attributes;
  if (groups === undefined) {
    throw notExported(node, 'the number of groups is not known');
  }
  const attributes = () => ({ num_groups: int(groups), ...epsilon(node) });
  normalization('GroupNormalization', ['scale', 'bias'], attributes)(target, node);
};

const fullyConnected: Rule<'fc'> = (target, node) => {
  const { transposeA, transposeB } = node.attributes;
  const [data, weight, bias] = node.inputs;
  const rank = target.shape(data!).length;
  const inFeatures = target.shape(data!).at(transposeA ? -2 : -1)!;
  const outFeatures = target.shape(node.outputs[0]!).at(-1)!;
  const read = target.read(data!, identity(rank));
  const isQuantized = readsBytes(target, node);
  const asGemm =
    rank === 2 && !isQuantized && (node.sourceOp === 'Gemm' || transposeA || transposeB || !!bias);
  const wantsOutFirst = asGemm && transposeB;
  const shape = wantsOutFirst ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
  const x = transposeA && !asGemm ? lastTwoSwapped(target, data!, read) : read;
  const image = target.orders.flattened(data!);
  const matrix = { inFeatures, outFeatures, isOutFirst: transposeB, wantsOutFirst, image };
  const form = { shape, weightRole: { fanIn: inFeatures }, ...matrixForm(matrix) };
  const addend = { shape: [outFeatures] };
  const inputs = [x, parameter(target, node, weight, 'weight', form)];
  if (asGemm) {
    if (bias) inputs.push(parameter(target, node, bias, 'bias', addend));
    const flags = { ...(transposeA && { transA: int(1) }), ...(transposeB && { transB: int(1) }) };
    target.emit(node, 'Gemm', inputs, flags);
  } else if (bias && !isQuantized) {
    const sum = target.extra('MatMul', node.name, inputs);
    target.emit(node, 'Add', [sum, parameter(target, node, bias, 'bias', addend)]);
  } else {
    const written = product(target, node, 'MatMul', bias ? [...inputs, bias] : inputs);
    target.emit(node, written.opType, written.inputs);
  }
};

/** The exported name of a tensor behind a transposition of its last two axes. */
function lastTwoSwapped(target: OnnxGraph, name: string, exported: string): string {
  const rank = target.shape(name).length;
  const perm = [...identity(rank).slice(0, -2), rank - 1, rank - 2];
  return target.extra('Transpose', name, [exported], { perm: ints(perm) });
}

const matmul: Rule<'matmul'> = (target, node) => {
  const operands = node.inputs.slice(0, 2).map((name) => ({ shape: target.shape(name) }));
  const [settled] = inferOutputShapes(node, operands) ?? [];
  if (settled?.shape.join() !== target.shape(node.outputs[0]!).join()) {
    throw notExported(node, 'it reads its operands in another order of axes than MatMul');
  }
  const inputs = node.inputs.slice(0, 2).map((name, index) => {
    const rank = target.shape(name).length;
    const x = target.read(name, identity(rank));
    const transposed = index === 0 ? node.attributes.transposeA : node.attributes.transposeB;
    return transposed ? lastTwoSwapped(target, name, x) : x;
  });
  const written = product(target, node, 'MatMul', inputs);
  target.emit(node, written.opType, written.inputs);
};

const einsum: Rule<'einsum'> = (target, node) => {
  const inputs = node.inputs.map((name) => target.read(name, identity(target.shape(name).length)));
  target.emit(node, 'Einsum', inputs, { equation: { string: node.attributes.equation } });
};

export const layerRules: Rules = {
  conv: convolution,
  dwconv: convolution,
  convtranspose: convolution,
  maxpool: pooling('MaxPool'),
  avgpool: pooling('AveragePool'),
  lppool: pooling('LpPool'),
  bn: normalization('BatchNormalization', ['scale', 'bias', 'mean', 'variance'], epsilon),
  instancenorm: normalization('InstanceNormalization', ['scale', 'bias'], epsilon),
  groupnorm,
  layernorm: normalization('LayerNormalization', ['scale', 'bias'], overLastAxis),
  rmsnorm: normalization('RMSNormalization', ['scale'], overLastAxis),
  lrn,
  fc: fullyConnected,
  matmul,
  einsum,
};
