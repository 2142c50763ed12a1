import { imageDimensions } from '@nnmeter/ir';
import { type GraphView, NONE } from '../graph-view.ts';
import { ascending, type Block, isMatch, type Mismatch, mismatch } from './block.ts';
import { hswish, matchHardSigmoid, matchScaledRelu6 } from './hswish.ts';
import { swish } from './swish.ts';

/**
 * Squeeze and excitation: x * gate(expand(activation(reduce(global pool of x)))). Reduce and expand are 1x1
 * convolutions or fully connected layers, with or without a bias add; the activation is a single op, swish or hswish;
 * the gate a sigmoid or hard sigmoid.
 */
export const se: Block = {
  name: 'se',
  anchors: ['gap', 'avgpool'],
  match(view, pool) {
    if (!isGlobalPool(view, pool)) return mismatch(pool, 'does not average over the whole image');
    const x = view.dataInput(pool);
    if (x === undefined) return mismatch(pool, 'pools a constant');
    const nodes = [pool];

    const reduce = takeDense(view, nodes);
    if (reduce !== undefined) return reduce;
    const activation = takeActivation(view, nodes);
    if (activation !== undefined) return activation;
    const expand = takeDense(view, nodes);
    if (expand !== undefined) return expand;
    const gate = takeGate(view, nodes);
    if (gate !== undefined) return gate;
    skipReshape(view, nodes);

    const last = nodes[nodes.length - 1]!;
    const product = view.next(last, 'mul');
    if (product === NONE) return mismatch(last, 'is not read by one mul only');
    if (!view.reads(product, x)) {
      return mismatch(product, 'does not multiply by the tensor that was pooled');
    }
    nodes.push(product);
    return ascending(nodes);
  },
};

function isGlobalPool(view: GraphView, pool: number): boolean {
  if (view.op(pool) === 'gap') return true;
  const output = view.firstOutput(pool);
  if (output?.shape === undefined) return false;
  const { height, width } = imageDimensions(output.shape, output.layout);
  return height === 1 && width === 1;
}

function skipReshape(view: GraphView, nodes: number[]): void {
  const reshape = view.next(nodes[nodes.length - 1]!, 'reshape');
  if (reshape !== NONE) nodes.push(reshape);
}

/** Appends a 1x1 convolution or fully connected layer with its bias add, or its batch normalisation. */
function takeDense(view: GraphView, nodes: number[]): Mismatch | undefined {
  skipReshape(view, nodes);
  const last = nodes[nodes.length - 1]!;
  const dense = view.next(last, 'conv', 'fc');
  if (dense === NONE) {
    return mismatch(last, 'is not read by one 1x1 convolution or fully connected layer only');
  }
  const node = view.nodes[dense]!;
  if (node.op === 'conv' && node.attributes.kernelShape.some((extent) => extent !== 1)) {
    return mismatch(dense, 'is not a 1x1 convolution');
  }
  nodes.push(dense);
  const normalisation = view.next(dense, 'bn');
  if (normalisation !== NONE) nodes.push(normalisation);
  const add = view.next(dense, 'add');
  if (add !== NONE && view.constantOperand(add) !== undefined && !startsGate(view, add)) {
    nodes.push(add);
  }
  return undefined;
}

/** Tells the gate's add of 3 from a bias where the source does not tell values. */
function startsGate(view: GraphView, add: number): boolean {
  if (view.nodes[add]!.sourceOp === 'BiasAdd') return false;
  const gate = matchHardSigmoid(view, add);
  return isMatch(gate) && gate.length === 3;
}

function takeActivation(view: GraphView, nodes: number[]): Mismatch | undefined {
  const last = nodes[nodes.length - 1]!;
  const single = view.next(last, 'relu', 'leakyrelu', 'prelu', 'elu', 'gelu', 'swish', 'hswish');
  if (single !== NONE) {
    nodes.push(single);
    return undefined;
  }
  if (view.consumerCount[last] === 2) {
    for (const block of [swish, hswish]) {
      const match = block.match(view, view.consumer(last, 0));
      if (!isMatch(match)) continue;
      nodes.push(...match);
      return undefined;
    }
  }
  return mismatch(last, 'is not followed by an activation');
}

function takeGate(view: GraphView, nodes: number[]): Mismatch | undefined {
  const last = nodes[nodes.length - 1]!;
  const start = view.next(last, 'sigmoid', 'hardsigmoid', 'add', 'relu');
  if (start === NONE) return mismatch(last, 'is not followed by a sigmoid or hard sigmoid');
  if (view.op(start) === 'sigmoid') {
    nodes.push(start);
    return undefined;
  }
  const isRelu = view.op(start) === 'relu';
  const gate = isRelu ? matchScaledRelu6(view, start) : matchHardSigmoid(view, start);
  if (!isMatch(gate)) return gate;
  if (gate.length === (isRelu ? 1 : 2)) {
    return mismatch(gate.at(-1)!, 'is not followed by a scaling by 1/6');
  }
  nodes.push(...gate);
  return undefined;
}
