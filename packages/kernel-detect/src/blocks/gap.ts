import { NONE } from '../graph-view.ts';
import { type Block, mismatch } from './block.ts';

/** Global average pooling with the reshape that drops the 1x1 image. */
export const gap: Block = {
  name: 'gap',
  anchors: ['gap'],
  match(view, pool) {
    const reshape = view.next(pool, 'reshape');
    if (reshape === NONE) return mismatch(pool, 'is not read by one reshape only');
    return [pool, reshape];
  },
};
