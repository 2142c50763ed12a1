import { NONE } from '../graph-view.ts';
import { ascending, type Block, mismatch } from './block.ts';

/** relu(x) + slope * relu(-x), as Keras writes it (the single op of that name is a `prelu` already). */
export const prelu: Block = {
  name: 'prelu',
  anchors: ['neg'],
  match(view, neg) {
    const x = view.nodes[neg]!.inputs[0]!;
    const negative = view.next(neg, 'relu');
    if (negative === NONE) return mismatch(neg, 'is not read by one relu only');
    const scaled = view.next(negative, 'mul');
    if (scaled === NONE || view.constantOperand(scaled) === undefined) {
      return mismatch(negative, 'is not multiplied by a constant');
    }
    const sum = view.next(scaled, 'add', 'sub');
    if (sum === NONE) return mismatch(scaled, 'is not read by one add only');
    const positive = view.producer(sum, view.producer(sum, 0) === scaled ? 1 : 0);
    if (positive === NONE || view.op(positive) !== 'relu' || !view.reads(positive, x)) {
      return mismatch(sum, 'does not add the relu of x');
    }
    return ascending([neg, positive, negative, scaled, sum]);
  },
};
