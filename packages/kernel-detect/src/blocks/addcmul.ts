import { NONE } from '../graph-view.ts';
import { type Block, isAbout, mismatch } from './block.ts';

/**
 * PyTorch's addcmul, which scales and shifts in one operation. Exporters write it as a product, one more with its factor, and a
 * sum; one with a factor that is 1 stands nowhere else, and converters drop it.
 */
export const addcmul: Block = {
  name: 'addcmul',
  anchors: ['mul'],
  only: 'eager',
  match(view, product) {
    if (!view.hasChannelConstant(product)) {
      return mismatch(product, 'does not scale channels by a constant');
    }
    const factor = view.next(product, 'mul');
    if (factor === NONE || !isAbout(view.constantOperand(factor), 1)) {
      return mismatch(product, 'is not read by a product with 1');
    }
    const sum = view.next(factor, 'add');
    if (sum === NONE || !view.hasChannelConstant(sum)) {
      return mismatch(factor, 'is not shifted by a constant');
    }
    return [product, factor, sum];
  },
};
