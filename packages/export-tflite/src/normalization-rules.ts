import { type AxisOrder, identity } from '@nnmeter/export';
import type { Node, Shape } from '@nnmeter/ir';
import { notExported } from './not-exported.ts';
import type { Rule, Rules } from './rule.ts';
import type { Place, TfLiteGraph } from './tflite-graph.ts';

const EPSILON = 1e-5;

/** TFLite has no normalization that stands alone: scale and shift of a channel are what is left of one at inference. */
const batchNorm: Rule<'bn'> = (target, node) => {
  const { epsilon = EPSILON } = node.attributes;
  const [data] = node.inputs;
  const order = target.orders.image(target.tensor(data).name);
  const x = target.read(data, order);
  const { shape } = target.tensors[x]!;
  const channels = shape.at(-1)!;
  const factors = (): Float32Array => {
    const scale = target.vector(node, 1, 'factor', 'scale', channels);
    const variance = target.vector(node, 4, 'factor', 'variance', channels);
    return scale.map((value, at) => value / Math.sqrt(variance[at]! + epsilon));
  };
  const shifts = (): Float32Array => {
    const bias = target.vector(node, 2, 'shift', 'bias', channels);
    const mean = target.vector(node, 3, 'shift', 'mean', channels);
    return factors().map((factor, at) => bias[at]! - mean[at]! * factor);
  };
  const factor = target.computedVector(`${node.name}/factor`, channels, factors);
  const shift = target.computedVector(`${node.name}/shift`, channels, shifts);
  const scaled = target.extra('MUL', node.name, [x, factor], { shape });
  target.emitActivated(node, 'ADD', [scaled, shift], { order });
};

interface Statistics {
  readonly axes: readonly number[];
  readonly epsilon: number;
  /** Whether the mean is taken away first; otherwise the values are divided by their root mean square. */
  readonly centers: boolean;
}

/** (x - mean) / sqrt(variance + epsilon), where mean and variance are those over some axes. */
function normalized(target: TfLiteGraph, node: Node, x: Place, statistics: Statistics): Place {
  const { axes, epsilon, centers } = statistics;
  const { name } = node;
  const { shape } = target.tensors[x]!;
  const reduced = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const list = target.int32(`${name}/axes`, axes);
  const mean = (of: Place): Place =>
    target.extra('MEAN', name, [of, list], { shape: reduced, options: { keepDims: true } });
  const centered = centers ? target.extra('SUB', name, [x, mean(x)], { shape }) : x;
  const variance = mean(target.extra('SQUARE', name, [centered], { shape }));
  const sum = target.extra('ADD', name, [variance, target.scalar(`${name}/epsilon`, epsilon)], {
    shape: reduced,
  });
  const inverse = target.extra('RSQRT', name, [sum], { shape: reduced });
  return target.extra('MUL', name, [centered, inverse], { shape });
}

/** Scale and shift of each entry of the last axis, as far as the op has them. */
function scaled(
  target: TfLiteGraph,
  node: Node,
  x: Place,
  roles: readonly ('scale' | 'bias')[],
  order: AxisOrder,
): void {
  const { shape } = target.tensors[x]!;
  const extent = shape.at(-1)!;
  const operand = (slot: number, label: 'scale' | 'bias'): Place => {
    const given = node.inputs[slot];
    if (given) return target.constant(given, { shape: [extent] });
    const role = label === 'scale' ? 'factor' : 'shift';
    return target.weight(`${node.name}/${label}`, role, {
      from: [extent],
      order: [0],
      shape: [extent],
    });
  };
  const factor = operand(1, 'scale');
  if (!roles.includes('bias')) {
    target.emitActivated(node, 'MUL', [x, factor], { order });
    return;
  }
  const product = target.extra('MUL', node.name, [x, factor], { shape });
  target.emitActivated(node, 'ADD', [product, operand(2, 'bias')], { order });
}

function overLastAxis(centers: boolean): Rule<'layernorm' | 'rmsnorm'> {
  return (target, node) => {
    const [data] = node.inputs;
    const order = identity(target.shape(data).length);
    const { axis = order.length - 1, epsilon = EPSILON } = node.attributes;
    if (axis !== order.length - 1) throw notExported(node, 'it normalizes over several axes');
    const x = normalized(target, node, target.read(data, order), {
      axes: [axis],
      epsilon,
      centers,
    });
    scaled(target, node, x, centers ? ['scale', 'bias'] : ['scale'], order);
  };
}

const instanceNorm: Rule<'instancenorm'> = (target, node) => {
  const { epsilon = EPSILON } = node.attributes;
  const order = target.orders.image(target.tensor(node.inputs[0]).name);
  const image = target.read(node.inputs[0], order);
  const axes = identity(order.length).slice(1, -1);
  const x = normalized(target, node, image, { axes, epsilon, centers: true });
  scaled(target, node, x, ['scale', 'bias'], order);
};

/** Channels [N, H, W, C] as [N, H * W, groups, C / groups]. */
const groupNorm: Rule<'groupnorm'> = (target, node) => {
  const { groups, epsilon = EPSILON } = node.attributes;
  if (groups === undefined) throw notExported(node, 'the number of groups is not known');
  const order = target.orders.image(target.tensor(node.inputs[0]).name);
  const image = target.read(node.inputs[0], order);
  const { shape } = target.tensors[image]!;
  const [batch, channels] = [shape[0]!, shape.at(-1)!];
  if (groups < 1 || channels % groups !== 0) {
    throw notExported(node, `${channels} channels do not make ${groups} groups`);
  }
  const pixels = shape.slice(1, -1).reduce((product, side) => product * side, 1);
  const grouped: Shape = [batch, pixels, groups, channels / groups];
  const parts = target.reshaped(node.name, image, grouped);
  const x = normalized(target, node, parts, { axes: [1, 3], epsilon, centers: true });
  scaled(target, node, target.reshaped(node.name, x, shape), ['scale', 'bias'], order);
};

export const normalizationRules: Rules = {
  bn: batchNorm,
  layernorm: overLastAxis(true),
  rmsnorm: overLastAxis(false),
  instancenorm: instanceNorm,
  groupnorm: groupNorm,
};
