import { type GraphView, NONE } from '../graph-view.ts';
import { type Block, mismatch } from './block.ts';

/** Scaling, masks and reshapes between the scores and the softmax. */
const MAX_STEPS = 6;

/**
 * The core of attention: the product of queries and keys, its scaling and mask, the softmax, perhaps guarded against rows that
 * are masked as a whole, and the product with the values. Projections and transpositions before and after are kernels of their own.
 */
export const attention: Block = {
  name: 'attention',
  anchors: ['softmax'],
  match(view, softmax) {
    const nodes = [softmax];
    let node = view.producer(softmax, 0);
    for (let step = 0; node !== NONE && step < MAX_STEPS && !isProduct(view, node); step++) {
      nodes.unshift(node);
      const before = stepBefore(view, node);
      if (before === NONE) {
        return mismatch(node, 'is neither a product of two tensors nor a scaling or mask of one');
      }
      node = before;
    }
    if (node === NONE || !isProduct(view, node)) {
      return mismatch(softmax, 'does not read the product of two computed tensors');
    }
    nodes.unshift(node);
    nodes.push(...takeGuard(view, softmax));
    const reshape = view.next(nodes[nodes.length - 1]!, 'reshape');
    if (reshape !== NONE) nodes.push(reshape);
    const values = view.next(nodes[nodes.length - 1]!, 'matmul', 'einsum');
    if (values === NONE) return mismatch(softmax, 'is not read by one matmul only');
    nodes.push(values);
    return nodes;
  },
};

/** The nodes that put 0 where the softmax of a row that is masked out as a whole is not a number. */
function takeGuard(view: GraphView, softmax: number): number[] {
  if (view.consumerCount[softmax] !== 2) return [];
  const [test, choice] = [view.consumer(softmax, 0), view.consumer(softmax, 1)];
  const isGuard = view.op(test) === 'isnan' && view.next(test, 'where') === choice;
  return isGuard && view.reads(choice, view.nodes[softmax]!.outputs[0]!) ? [test, choice] : [];
}

function isProduct(view: GraphView, node: number): boolean {
  return view.op(node) === 'matmul' || view.op(node) === 'einsum';
}

/** Where the scores come from that a scaling, mask or reshape passes on; NONE if it is none of these. */
function stepBefore(view: GraphView, node: number): number {
  switch (view.op(node)) {
    case 'mul':
    case 'div':
      if (view.constantOperand(node) === undefined) return NONE;
      return Math.max(view.producer(node, 0), view.producer(node, 1));
    case 'reshape':
    case 'cast':
      return view.producer(node, 0);
    case 'add':
    case 'where': {
      // The mask may be computed too: the scores are the operand computed last.
      return Math.max(...[0, 1, 2].map((slot) => view.producer(node, slot)));
    }
    default:
      return NONE;
  }
}
