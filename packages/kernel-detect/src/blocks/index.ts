import type { Op } from '@nnmeter/ir';
import { addcmul } from './addcmul.ts';
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

/** Of two that start at the same node the earlier one wins. */
const LIST: readonly Block[] = [
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
  addcmul,
  batchnorm,
];

/** Blocks by the op they are anchored at. */
export type BlocksByAnchor = ReadonlyMap<Op, readonly Block[]>;

export const BLOCKS = byAnchor(LIST.filter(({ only }) => only !== 'eager'));
export const EAGER_BLOCKS = byAnchor(LIST.filter(({ only }) => only !== 'converted'));

function byAnchor(blocks: readonly Block[]): BlocksByAnchor {
  const lists = new Map<Op, Block[]>();
  for (const block of blocks) {
    for (const anchor of block.anchors) {
      const list = lists.get(anchor);
      if (list === undefined) lists.set(anchor, [block]);
      else list.push(block);
    }
  }
  return lists;
}
