import type { Op } from '@nnmeter/ir';
import { attention } from './attention.ts';
import { batchnorm } from './batchnorm.ts';
import type { Block } from './block.ts';
import { channelshuffle } from './channelshuffle.ts';
import { gap } from './gap.ts';
import { gelu } from './gelu.ts';
import { hswish } from './hswish.ts';
import { mish } from './mish.ts';
import { groupnorm, layernorm, rmsnorm } from './normalization.ts';
import { prelu } from './prelu.ts';
import { se } from './se.ts';
import { split } from './split.ts';
import { swish } from './swish.ts';

/** All blocks; of two that start at the same node the earlier one wins. */
export const BLOCKS: readonly Block[] = [
  se,
  hswish,
  swish,
  mish,
  prelu,
  channelshuffle,
  gap,
  split,
  gelu,
  layernorm,
  rmsnorm,
  groupnorm,
  attention,
  batchnorm,
];

/** Blocks by the op they are anchored at. */
export const BLOCKS_BY_ANCHOR: ReadonlyMap<Op, readonly Block[]> = (() => {
  const byAnchor = new Map<Op, Block[]>();
  for (const block of BLOCKS) {
    for (const anchor of block.anchors) {
      const list = byAnchor.get(anchor);
      if (list === undefined) byAnchor.set(anchor, [block]);
      else list.push(block);
    }
  }
  return byAnchor;
})();
