import type { Node } from '@nnmeter/ir';
import type { RawAttributes } from './format.ts';

/** Renumbers axes when channels move last; the identity where nothing moves. */
export interface AxisOrders {
  /** Which axis of the data operand comes at each place. */
  readonly input: readonly number[] | undefined;
  /** The same of the first result. */
  readonly output: readonly number[] | undefined;
  /** Shape of the first result with channels last. */
  readonly outputShape: readonly number[] | undefined;
}

/** The attributes of a node under the names nn-Meter uses, for tensors with channels last. */
export function writeAttributes(node: Node, orders: AxisOrders): RawAttributes {
  const axis = (value: number): number => orders.input?.indexOf(value) ?? value;
  switch (node.op) {
    case 'conv':
    case 'dwconv':
    case 'convtranspose': {
      const { kernelShape, strides, pads, dilations, group } = node.attributes;
      return {
        kernel_shape: kernelShape,
        strides,
        pads,
        dilations,
        group,
        ...(node.op === 'convtranspose' && { output_padding: node.attributes.outputPadding }),
      };
    }
    case 'maxpool':
    case 'avgpool':
    case 'lppool': {
      const { kernelShape, strides, pads, dilations, ceilMode } = node.attributes;
      return { kernel_shape: kernelShape, strides, pads, dilations, ceil_mode: ceilMode };
    }
    case 'relu':
    case 'clip': {
      const { min, max } = node.attributes;
      return { ...finite('min', min), ...finite('max', max) };
    }
    case 'hardsigmoid':
    case 'leakyrelu':
    case 'elu':
    case 'selu':
    case 'celu':
      return { ...finite('alpha', node.attributes.alpha), ...finite('beta', node.attributes.beta) };
    case 'fc':
    case 'matmul':
      return {
        ...(node.attributes.transposeA && { transA: 1 }),
        ...(node.attributes.transposeB && node.op === 'matmul' && { transB: 1 }),
      };
    case 'bn':
    case 'layernorm':
    case 'groupnorm':
    case 'instancenorm':
    case 'rmsnorm':
    case 'lrn':
    case 'l2norm': {
      const { axis: along, epsilon, groups } = node.attributes;
      return {
        ...(along !== undefined && { axis: axis(along) }),
        ...finite('epsilon', epsilon),
        ...finite('groups', groups),
      };
    }
    case 'gap':
    case 'globalmaxpool':
    case 'reducemean':
    case 'reducesum':
    case 'reducemax':
    case 'reducemin':
    case 'reduceprod':
    case 'reducel2':
    case 'argmax':
    case 'argmin':
      return {
        reduction_indices: node.attributes.axes.map(axis).sort((a, b) => a - b),
        keep_dims: node.attributes.keepDims,
      };
    case 'softmax':
    case 'logsoftmax':
    case 'cumsum':
    case 'gather':
    case 'onehot':
    case 'concat':
      return { axis: axis(node.attributes.axis) };
    case 'topk':
      return { axis: axis(node.attributes.axis), k: node.attributes.k };
    case 'split':
      return { split_dim: axis(node.attributes.axis), axis: axis(node.attributes.axis) };
    case 'slice': {
      const { starts, ends, axes, steps } = node.attributes;
      return { starts, ends, axes: axes.map(axis), steps };
    }
    case 'reshape':
      return { shape: orders.outputShape ?? node.attributes.shape };
    case 'transpose': {
      const { perm } = node.attributes;
      return { perm: perm.map((_, place) => axis(perm[orders.output?.[place] ?? place]!)) };
    }
    case 'pad': {
      const { pads, mode } = node.attributes;
      const rank = pads.length / 2;
      const order = orders.input ?? Array.from({ length: rank }, (_, place) => place);
      return {
        pads: [...order.map((from) => pads[from]!), ...order.map((from) => pads[rank + from]!)],
        mode,
      };
    }
    case 'resize':
      return { mode: node.attributes.mode };
    case 'depthtospace':
    case 'spacetodepth':
      return { block_size: node.attributes.blockSize };
    case 'cast':
      return { to: node.attributes.to };
    case 'einsum':
      return { equation: node.attributes.equation };
    case 'lstm':
    case 'gru':
    case 'rnn':
      return {
        hidden_size: node.attributes.hiddenSize,
        direction: node.attributes.directions === 2 ? 'bidirectional' : 'forward',
      };
    case 'custom':
      return node.attributes;
    default:
      return {};
  }
}

/** JSON has no infinity: a bound at infinity is none. */
function finite<K extends string>(name: K, value: number | undefined): { [N in K]?: number } {
  return value !== undefined && Number.isFinite(value)
    ? ({ [name]: value } as { [N in K]?: number })
    : {};
}
