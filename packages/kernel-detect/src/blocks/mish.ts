import { NONE } from '../graph-view.ts';
import { type Block, mismatch } from './block.ts';

/** x * tanh(softplus(x)) (the single op of that name is a `mish` already). */
export const mish: Block = {
  name: 'mish',
  anchors: ['softplus'],
  match(view, softplus) {
    const x = view.nodes[softplus]!.inputs[0]!;
    const tanh = view.next(softplus, 'tanh');
    if (tanh === NONE) return mismatch(softplus, 'is not read by one tanh only');
    const product = view.next(tanh, 'mul');
    if (product === NONE) return mismatch(tanh, 'is not read by one mul only');
    if (!view.reads(product, x)) return mismatch(product, 'does not multiply by x');
    return [softplus, tanh, product];
  },
};
