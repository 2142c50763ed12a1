import { type CostKind, opRow, ops } from '@nnmeter/ir';

/**
 * What a kernel's first stage computes, as far as latency is concerned: the cost kinds of ops, and the blocks that cost
 * like no op. The order is part of the binary weights format: append only.
 */
export const KERNEL_KINDS = [
  'conv',
  'dwconv',
  'fc',
  'maxpool',
  'avgpool',
  'gap',
  'add',
  'concat',
  'bn',
  'relu',
  'hswish',
  'se',
  'channelshuffle',
  'split',
  'reshape',
  'convtranspose',
  'matmul',
  'softmax',
  'normalization',
  'transcendental',
  'reduce',
  'copy',
  'resize',
  'recurrent',
  'sort',
  'other',
  'attention',
] as const satisfies readonly (CostKind | 'se' | 'channelshuffle' | 'attention')[];

export type KernelKind = (typeof KERNEL_KINDS)[number];

/** Numeric kinds: `KIND.conv === 0`. */
export const KIND = Object.freeze(
  Object.fromEntries(KERNEL_KINDS.map((kind, index) => [kind, index])),
) as Readonly<Record<KernelKind, number>>;

/** Kinds by stage: every op, and the blocks that are not named after one. A table, since detection asks for each kernel. */
const KIND_OF_STAGE: ReadonlyMap<string, number> = new Map<string, number>([
  ...ops.map((op) => [op, KIND[opRow(op).cost]] as const),
  ['se', KIND.se],
  ['channelshuffle', KIND.channelshuffle],
  ['attention', KIND.attention],
  ['addcmul', KIND.bn],
]);

/** Kind of a kernel by its first stage: an op, or a block such as `se`. */
export function kindOfStage(stage: string): number {
  return KIND_OF_STAGE.get(stage) ?? KIND.other;
}

/** Whether the stage is the kind itself and not a relative that borrows its cost, e.g. `add` but not `sub`. */
export function isKindItself(stage: string): boolean {
  return KERNEL_KINDS[kindOfStage(stage)] === stage;
}
