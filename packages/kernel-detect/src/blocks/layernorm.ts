import { type GraphView, NONE } from '../graph-view.ts';
import { ascending, type Block, isAbout, type Mismatch, mismatch } from './block.ts';

/**
 * Layer normalisation written out: mean, subtract, square (pow, mul or square), mean, add epsilon, square root, divide
 * (or multiply by the reciprocal root), and the scale and shift by constants if they are there.
 */
export const layernorm: Block = {
  name: 'layernorm',
  anchors: ['reducemean'],
  match(view, mean) {
    const centre = view.next(mean, 'sub');
    if (centre === NONE) return mismatch(mean, 'is not read by one sub only');
    const x = view.nodes[mean]!.inputs[0]!;
    if (view.nodes[centre]!.inputs[0] !== x) {
      return mismatch(centre, 'does not subtract the mean from what was averaged');
    }
    const nodes = [mean, centre];
    const root = takeDeviation(view, nodes, centre, mean);
    if (root !== undefined) return root;

    const last = nodes[nodes.length - 1]!;
    const quotient = view.next(last, view.op(last) === 'sqrt' ? 'div' : 'mul');
    if (quotient === NONE) return mismatch(last, 'does not divide one node only');
    if (!view.reads(quotient, view.nodes[centre]!.outputs[0]!)) {
      return mismatch(quotient, 'does not divide the centred values');
    }
    nodes.push(quotient);
    takeConstantOperation(view, nodes, 'mul');
    takeConstantOperation(view, nodes, 'add');
    return ascending(nodes);
  },
};

/** Appends what leads from the centred values to the standard deviation or its reciprocal. */
function takeDeviation(
  view: GraphView,
  nodes: number[],
  centre: number,
  mean: number,
): Mismatch | undefined {
  const square = squareOf(view, centre);
  if (square === NONE) return mismatch(centre, 'is not squared');
  const variance = view.next(square, 'reducemean');
  if (variance === NONE) return mismatch(square, 'is not averaged');
  if (axesOf(view, variance) !== axesOf(view, mean)) {
    return mismatch(variance, 'averages over other axes');
  }
  const epsilon = view.next(variance, 'add');
  if (epsilon === NONE || view.constantOperand(epsilon) === undefined) {
    return mismatch(variance, 'is not followed by the add of a constant');
  }
  const root = view.next(epsilon, 'sqrt', 'rsqrt');
  if (root === NONE) return mismatch(epsilon, 'is not followed by a square root');
  nodes.push(square, variance, epsilon, root);
  const reciprocal = view.next(root, 'reciprocal');
  if (reciprocal !== NONE) nodes.push(reciprocal);
  return undefined;
}

function squareOf(view: GraphView, centre: number): number {
  const tensor = view.nodes[centre]!.outputs[0]!;
  for (let k = 0; k < Math.min(view.consumerCount[centre]!, 3); k++) {
    const reader = view.consumer(centre, k);
    const { op, inputs } = view.nodes[reader]!;
    if (op === 'square') return reader;
    if (op === 'pow' && isAbout(view.constantOperand(reader), 2)) return reader;
    if (op === 'mul' && inputs.every((input) => input === tensor)) return reader;
  }
  return NONE;
}

function axesOf(view: GraphView, node: number): string {
  const found = view.nodes[node]!;
  return found.op === 'reducemean' ? found.attributes.axes.join() : '';
}

function takeConstantOperation(view: GraphView, nodes: number[], op: 'mul' | 'add'): void {
  const next = view.next(nodes[nodes.length - 1]!, op);
  if (next !== NONE && view.constantOperand(next) !== undefined) nodes.push(next);
}
