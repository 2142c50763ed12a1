import { type AxisOrder, identity, isIdentity, permuted } from '@nnmeter/export';
import type { Node, NodeOf, Op, Shape } from '@nnmeter/ir';
import { ACTIVATIONS, BROADCASTING_OPERATORS, UNARY_OPERATORS } from '@nnmeter/tflite-schema';
import { notExported, type Rule, type Rules } from './rule.ts';
import { type Place, rectifierOf, type TfLiteGraph } from './tflite-graph.ts';

/** The first operator that is a canonical op. */
function operatorOf(operators: Readonly<Record<string, Op>>, op: Op): string | undefined {
  return Object.keys(operators).find((name) => operators[name] === op);
}

const unary: Rule<Op> = (target, node) => {
  const [data] = node.inputs;
  const op = operatorOf(UNARY_OPERATORS, node.op)!;
  emitUnary(target, node, op, [target.read(data)]);
};

/** An operator whose result is in the order of the operand. */
function emitUnary(
  target: TfLiteGraph,
  node: Node,
  op: string,
  inputs: readonly Place[],
  options: Readonly<Record<string, number>> = {},
): void {
  target.emit(node, op, inputs, { options, orders: [target.order(node.inputs[0])] });
}

/** Operands in one order: that of the first computed one of full rank. */
export function broadcastOperands(
  target: TfLiteGraph,
  node: Node,
): { readonly order: AxisOrder; readonly inputs: Place[] } {
  const result = target.shape(node.outputs[0]);
  const rank = result.length;
  const computed = node.inputs.filter((name) => !target.isConstant(name));
  const full = computed.find((name) => target.shape(name).length === rank);
  const sameRank = computed.every((name) => target.shape(name).length === rank);
  const order = full !== undefined && sameRank ? target.order(full) : identity(rank);
  const inputs = node.inputs.map((name) =>
    target.isConstant(name)
      ? alignedConstant(target, node, name, order)
      : target.read(name, sameRank ? order : identity(target.shape(name).length)),
  );
  return { order, inputs };
}

/** A broadcast constant for operands in that order: [C, 1, 1] becomes [C] where channels are last. */
function alignedConstant(target: TfLiteGraph, node: Node, name: string, order: AxisOrder): Place {
  const shape = target.shape(name);
  const isBias =
    node.sourceOp === 'BiasAdd' && target.tensor(node.outputs[0]).layout?.startsWith('NC');
  if (isBias) {
    const rank = order.length;
    const from = identity(rank).map((axis) => (axis === 1 ? shape[0]! : 1));
    return target.constant(name, { from, order, shape });
  }
  if (shape.length === 0 || isIdentity(order)) return target.constant(name);
  const from = [...new Array<number>(order.length - shape.length).fill(1), ...shape];
  return target.constant(name, { from, order, shape: withoutLeadingOnes(permuted(from, order)) });
}

function withoutLeadingOnes(shape: Shape): Shape {
  const leading = shape.findIndex((extent) => extent > 1);
  return leading < 0 ? [1] : shape.slice(leading);
}

const WITH_ACTIVATION: ReadonlySet<string> = new Set(['ADD', 'SUB', 'MUL', 'DIV']);

const broadcasting: Rule<Op> = (target, node) => {
  const op = operatorOf(BROADCASTING_OPERATORS, node.op)!;
  const wanted = op === 'SELECT_V2' ? 3 : 2;
  if (node.inputs.length < wanted) {
    throw notExported(
      node,
      `it has ${node.inputs.length} of the ${wanted} operands that TFLite demands`,
    );
  }
  const { order, inputs } = broadcastOperands(target, node);
  const shape = permuted(target.shape(node.outputs[0]), order);
  const first = inputs
    .slice(1, -1)
    .reduce(
      (sum, next) => (wanted === 2 ? target.extra(op, node.name, [sum, next], { shape }) : sum),
      inputs[0]!,
    );
  const operands = wanted === 2 ? [first, inputs.at(-1)!] : inputs;
  if (WITH_ACTIVATION.has(op)) target.emitActivated(node, op, operands, { order });
  else target.emit(node, op, operands, { orders: [order] });
};

/** A square, which TFLite's own converter writes too, is faster than a power. */
const power: Rule<Op> = (target, node) => {
  const exponent = node.inputs[1] ? target.tensor(node.inputs[1]).values : undefined;
  if (exponent?.length === 1 && exponent[0] === 2) {
    emitUnary(target, node, 'SQUARE', [target.read(node.inputs[0])]);
  } else broadcasting(target, node);
};

const rectifier: Rule<'relu' | 'clip'> = (target, node) => {
  const known = rectifierOf(node);
  const x = target.read(node.inputs[0]);
  if (known !== undefined) {
    emitUnary(target, node, known, [x]);
    return;
  }
  const { min = node.op === 'relu' ? 0 : undefined, max } = node.attributes;
  const { shape } = target.tensors[x]!;
  const bound = (role: string, value: number) => target.scalar(`${node.name}/${role}`, value);
  if (min === undefined && max === undefined)
    target.alias(node.outputs[0]!, x, target.order(node.inputs[0]));
  else if (max === undefined) emitUnary(target, node, 'MAXIMUM', [x, bound('min', min!)]);
  else {
    const least =
      min === undefined ? x : target.extra('MAXIMUM', node.name, [x, bound('min', min)], { shape });
    emitUnary(target, node, 'MINIMUM', [least, bound('max', max)]);
  }
};

/** relu6(6 (alpha x + beta)) / 6, as TFLite's converter writes it. */
const hardSigmoid: Rule<'hardsigmoid'> = (target, node) => {
  const { alpha = 0.2, beta = 0.5 } = node.attributes;
  const x = target.read(node.inputs[0]);
  const { shape } = target.tensors[x]!;
  const slope = Math.fround(6 * alpha);
  const scaled =
    slope === 1
      ? x
      : target.extra('MUL', node.name, [x, target.scalar(`${node.name}/slope`, slope)], { shape });
  const shifted = target.extra(
    'ADD',
    node.name,
    [scaled, target.scalar(`${node.name}/shift`, 6 * beta)],
    {
      shape,
      options: { activation: ACTIVATIONS.indexOf('RELU6') },
    },
  );
  emitUnary(target, node, 'MUL', [shifted, target.scalar(`${node.name}/sixth`, 1 / 6)]);
};

/** x combined with a function of itself. */
const swish: Rule<'swish'> = (target, node) => {
  const x = target.read(node.inputs[0]);
  const gate = target.extra('LOGISTIC', node.name, [x], { shape: target.tensors[x]!.shape });
  emitUnary(target, node, 'MUL', [x, gate]);
};

const reciprocal: Rule<'reciprocal'> = (target, node) => {
  const x = target.read(node.inputs[0]);
  emitUnary(target, node, 'DIV', [target.scalar(`${node.name}/one`, 1), x]);
};

const leakyRelu: Rule<'leakyrelu'> = (target, node) => {
  const { alpha = 0.01 } = (node as NodeOf<'leakyrelu'>).attributes;
  emitUnary(target, node, 'LEAKY_RELU', [target.read(node.inputs[0])], { alpha });
};

const elu: Rule<'elu'> = (target, node) => {
  const { alpha = 1 } = node.attributes;
  if (alpha !== 1) throw notExported(node, 'TFLite has ELU with alpha 1 only');
  emitUnary(target, node, 'ELU', [target.read(node.inputs[0])]);
};

const cast: Rule<'cast'> = (target, node) => {
  emitUnary(target, node, 'CAST', [target.read(node.inputs[0])]);
};

/** Its result is the operand itself. */
const identical: Rule<'identity'> = (target, node) => {
  const [data] = node.inputs;
  target.alias(node.outputs[0]!, target.read(data), target.order(data));
};

function rulesOf(operators: Readonly<Record<string, Op>>, rule: Rule<Op>): Rules {
  return Object.fromEntries(Object.values(operators).map((op) => [op, rule]));
}

export const elementwiseRules: Rules = {
  ...rulesOf(UNARY_OPERATORS, unary),
  ...rulesOf(BROADCASTING_OPERATORS, broadcasting),
  pow: power,
  relu: rectifier,
  clip: rectifier,
  hardsigmoid: hardSigmoid,
  swish,
  reciprocal,
  leakyrelu: leakyRelu,
  elu,
  cast,
  identity: identical,
};
