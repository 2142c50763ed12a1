import { NONE } from '../graph-view.ts';
import { type Block, mismatch } from './block.ts';

/** x * sigmoid(x), also called SiLU (the single op of that name is a `swish` already). */
export const swish: Block = {
  name: 'swish',
  anchors: ['sigmoid'],
  match(view, sigmoid) {
    if (view.op(sigmoid) !== 'sigmoid') return mismatch(sigmoid, 'is not a sigmoid');
    const x = view.nodes[sigmoid]!.inputs[0]!;
    const product = view.next(sigmoid, 'mul');
    if (product === NONE) return mismatch(sigmoid, 'is not read by one mul only');
    if (!view.reads(product, x))
      return mismatch(product, "does not multiply by the sigmoid's input");
    return [sigmoid, product];
  },
};
