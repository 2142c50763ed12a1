import type { Op } from '@nnmeter/ir';
import { type GraphView, NONE } from '../graph-view.ts';
import { ascending, type Block, isAbout, type Mismatch, mismatch } from './block.ts';

/**
 * The Gaussian error linear unit written out: x / 2 * (1 + erf(x / sqrt 2)), x / 2 * erfc(-x / sqrt 2) as TensorFlow has it, its
 * approximation x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), the factors in any order, or x * sigmoid(1.702 x).
 */
export const gelu: Block = {
  name: 'gelu',
  anchors: ['erf', 'tanh', 'sigmoid'],
  match(view, anchor) {
    const op = view.op(anchor);
    if (op === 'sigmoid') return matchQuick(view, anchor);
    const complement = op === 'erf' ? matchComplement(view, anchor) : undefined;
    if (complement !== undefined) return complement;
    const argument = op === 'erf' ? erfArgument(view, anchor) : tanhArgument(view, anchor);
    if (!Array.isArray(argument.nodes)) return argument.nodes;
    const tail = matchTail(view, anchor, argument.x);
    return Array.isArray(tail) ? ascending([...argument.nodes, anchor, ...tail]) : tail;
  },
};

interface Argument {
  /** The tensor the unit is applied to. */
  readonly x: string;
  readonly nodes: number[] | Mismatch;
}

function matchQuick(view: GraphView, sigmoid: number): number[] | Mismatch {
  const { scaled, x } = scaledInput(view, sigmoid, 1.702);
  if (scaled === NONE) return mismatch(sigmoid, 'does not read 1.702 x');
  const product = view.next(sigmoid, 'mul');
  if (product === NONE || !view.reads(product, x)) {
    return mismatch(sigmoid, 'is not multiplied by x');
  }
  return [scaled, sigmoid, product];
}

/** erfc(-x / sqrt 2) times x / 2, with the sign before or behind the scaling; graphs have erfc as an erf. */
function matchComplement(view: GraphView, erfc: number): number[] | undefined {
  const nodes = [erfc];
  let node = erfc;
  for (let step = 0; step < 2; step++) {
    node = view.producer(node, view.isConstant(node, 0) ? 1 : 0);
    if (node === NONE) return undefined;
    nodes.unshift(node);
  }
  const [negated, scaled] = view.op(nodes[0]!) === 'neg' ? nodes : [nodes[1]!, nodes[0]!];
  if (view.op(negated!) !== 'neg' || view.op(scaled!) !== 'mul') return undefined;
  if (!isAbout(view.constantOperand(scaled!), Math.SQRT1_2)) return undefined;
  const x = view.dataInput(node);
  const product = view.next(erfc, 'mul');
  if (x === undefined || product === NONE) return undefined;
  const half = halvedBeside(view, product, x);
  return half === NONE ? undefined : ascending([...nodes, half, product]);
}

/** The node that computes x / 2 for a product; NONE if it is of something else. */
function halvedBeside(view: GraphView, product: number, x: string): number {
  for (let slot = 0; slot < 2; slot++) {
    const half = view.producer(product, slot);
    if (half !== NONE && isHalving(view, half) && view.reads(half, x)) return half;
  }
  return NONE;
}

function erfArgument(view: GraphView, erf: number): Argument {
  const { scaled, x } = scaledInput(view, erf, Math.SQRT1_2);
  return { x, nodes: scaled === NONE ? mismatch(erf, 'does not read x / sqrt 2') : [scaled] };
}

function tanhArgument(view: GraphView, tanh: number): Argument {
  const { scaled, x: sum } = scaledInput(view, tanh, Math.sqrt(2 / Math.PI));
  if (scaled === NONE) {
    return { x: sum, nodes: mismatch(tanh, 'does not read a sum times sqrt(2 / pi)') };
  }
  const add = producerOf(view, scaled, sum);
  if (add === NONE || view.op(add) !== 'add') {
    return { x: sum, nodes: mismatch(scaled, 'does not scale the sum of x and its cube') };
  }
  for (const [slot, x] of view.nodes[add]!.inputs.entries()) {
    const term = view.producer(add, 1 - slot);
    if (term === NONE || view.op(term) !== 'mul') continue;
    if (!isAbout(view.constantOperand(term), 0.044715)) continue;
    const cube = cubeOf(view, term, x);
    if (cube !== undefined) return { x, nodes: [...cube, term, add, scaled] };
  }
  return { x: sum, nodes: mismatch(add, 'does not add x and 0.044715 times its cube') };
}

/** The nodes that compute x^3 for `term`: a pow, or a product of x and its square. */
function cubeOf(view: GraphView, term: number, x: string): number[] | undefined {
  const cube = producerOf(view, term, view.dataInput(term));
  if (cube === NONE || !view.reads(cube, x)) return undefined;
  if (view.op(cube) === 'pow') return isAbout(view.constantOperand(cube), 3) ? [cube] : undefined;
  if (view.op(cube) !== 'mul') return undefined;
  const square = producerOf(
    view,
    cube,
    view.nodes[cube]!.inputs.find((input) => input !== x),
  );
  if (square === NONE || view.nodes[square]!.inputs[0] !== x) return undefined;
  const isSquare =
    view.op(square) === 'square' ||
    (view.op(square) === 'pow' && isAbout(view.constantOperand(square), 2)) ||
    (view.op(square) === 'mul' && view.nodes[square]!.inputs[1] === x);
  return isSquare ? [square, cube] : undefined;
}

/** From the curve to x / 2 * (1 + curve), with the half at any place. */
function matchTail(view: GraphView, curve: number, x: string): number[] | Mismatch {
  const one = view.next(curve, 'add');
  if (one === NONE || !isAbout(view.constantOperand(one), 1)) {
    return mismatch(curve, 'is not followed by an add of 1');
  }
  const first = view.next(one, 'mul', 'div');
  if (first === NONE) return mismatch(one, 'is not read by one mul only');
  if (isHalving(view, first)) {
    const product = view.next(first, 'mul');
    if (product !== NONE && view.reads(product, x)) return [one, first, product];
    return mismatch(first, 'is not multiplied by x');
  }
  if (view.reads(first, x)) {
    const half = view.next(first, 'mul', 'div');
    if (half !== NONE && isHalving(view, half)) return [one, first, half];
    return mismatch(first, 'is not halved');
  }
  const half = halvedBeside(view, first, x);
  return half === NONE ? mismatch(first, 'does not multiply by x or x / 2') : [half, one, first];
}

function isHalving(view: GraphView, node: number): boolean {
  const op: Op = view.op(node);
  if (op !== 'mul' && op !== 'div') return false;
  return isAbout(view.constantOperand(node), op === 'mul' ? 0.5 : 2);
}

/** The node before `node` if it is a product by (or a division by the inverse of) `factor`, and what it scales. */
function scaledInput(view: GraphView, node: number, factor: number): { scaled: number; x: string } {
  const scaled = view.producer(node, 0);
  const op = scaled === NONE ? undefined : view.op(scaled);
  const value = op === 'mul' || op === 'div' ? view.constantOperand(scaled) : undefined;
  const x = value === undefined ? undefined : view.dataInput(scaled);
  const fits = x !== undefined && isAbout(value, op === 'mul' ? factor : 1 / factor);
  return fits ? { scaled, x } : { scaled: NONE, x: '' };
}

function producerOf(view: GraphView, node: number, tensor: string | undefined): number {
  const slot = tensor === undefined ? -1 : view.nodes[node]!.inputs.indexOf(tensor);
  return slot < 0 ? NONE : view.producer(node, slot);
}
