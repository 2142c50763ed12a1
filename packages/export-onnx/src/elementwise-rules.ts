import { type AxisOrder, identity, isIdentity, permuted } from '@nnmeter/export';
import { elementCount, NnMeterError, type Node, type Op, opRow } from '@nnmeter/ir';
import type { Attributes, OnnxGraph } from './onnx-graph.ts';
import { exportedAxis, int, ints, notExported, type Rule, type Rules } from './rule.ts';

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
export const exportBroadcasting: Rule<Op> = (target, node) => {
  const [, most] = opRow(node.op).operands;
  if (most < Number.POSITIVE_INFINITY && node.inputs.length !== most) {
    throw notExported(
      node,
      `it has ${node.inputs.length} of the ${most} operands that ONNX demands`,
    );
  }
  const rank = target.shape(node.outputs[0]!).length;
  const computed = node.inputs.filter((input) => !target.isConstant(input));
  const full = computed.find((input) => target.shape(input).length === rank);
  const sameRank = computed.every((input) => target.shape(input).length === rank);
  const order = full !== undefined && sameRank ? target.order(full) : identity(rank);
  const inputs = node.inputs.map((input) =>
    target.isConstant(input)
      ? target.dequantized(input, alignedConstant(target, node, input, order), computed[0] ?? input)
      : target.read(input, sameRank ? order : identity(target.shape(input).length)),
  );
  // Only Sum adds any number of operands.
  const opType = node.op === 'add' && inputs.length !== 2 ? 'Sum' : opRow(node.op).onnx[0];
  target.emit(node, opType, inputs, remainderOf(target, node), [order]);
};

/** The remainder of floating-point numbers takes the sign of the dividend in ONNX; of integers it may take either. */
function remainderOf(target: OnnxGraph, node: Node): Attributes {
  const isFloat = target.tensor(node.inputs[0]!).dataType.includes('float');
  return node.op === 'mod' && isFloat ? { fmod: int(1) } : {};
}

/**
 * nn-Meter IR does not note the values of scalars; the ones that matter are those of x * relu6(x + 3) / 6, which a reader
 * of the exported model should recognise.
 */
const HARD_SWISH_SCALARS: Readonly<Partial<Record<Op, number>>> = { add: 3, mul: 1 / 6, div: 6 };

/** A broadcast constant for operands in that order: [C] becomes [C, 1, 1] beside a channels-first image. */
function alignedConstant(target: OnnxGraph, node: Node, name: string, order: AxisOrder): string {
  const shape = target.shape(name);
  const { values, dataType } = target.tensor(name);
  const scalar = HARD_SWISH_SCALARS[node.op];
  if (values === undefined && scalar !== undefined && elementCount(shape) === 1) {
    return target.newConstant(name, shape, dataType, [scalar]);
  }
  if (node.sourceOp === 'BiasAdd' && target.tensor(node.outputs[0]!).layout?.startsWith('NC')) {
    return target.constant(name, [...shape, ...order.slice(2).map(() => 1)]);
  }
  if (shape.length === 0 || isIdentity(order)) return target.constant(name, shape);
  if (shape.length > order.length) {
    throw new NnMeterError(
      'E_SHAPE',
      `its shapes contradict each other: the constant [${shape.join(', ')}] has more axes than the result`,
    );
  }
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

const l2norm: Rule<'l2norm'> = (target, node) => {
  const order = target.order(node.inputs[0]!);
  const axis = node.attributes.axis ?? order.length - 1;
  const attributes = { axis: exportedAxis(order, axis), p: int(2) };
  target.emit(node, 'LpNormalization', [target.read(node.inputs[0]!)], attributes, [order]);
};

/** Elementwise ops that ONNX lacks or writes otherwise. */
export const elementwiseRules: Rules = {
  relu: rectifier,
  clip: rectifier,
  swish: composite('Sigmoid', 'Mul'),
  square: composite(undefined, 'Mul'),
  rsqrt: composite('Sqrt', 'Reciprocal'),
  l2norm,
};
