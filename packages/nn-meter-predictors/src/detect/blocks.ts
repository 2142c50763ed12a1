/** A block nn-Meter looks for: a chain of ops, each reading the one before. */
export interface ChainBlock {
  readonly name: string;
  readonly ops: readonly string[];
}

const HARD_SIGMOIDS = [['add', 'relu', 'mul'], ['hardsigmoid'], ['add', 'relu', 'div']];

function squeezeAndExcitation(): ChainBlock[] {
  const blocks: ChainBlock[] = [];
  for (const pool of ['gap', 'avgpool']) {
    for (const conv of [['conv', 'add'], ['conv']]) {
      for (const gate of HARD_SIGMOIDS) {
        blocks.push({ name: 'se', ops: [pool, ...conv, 'relu', ...conv, ...gate, 'mul'] });
      }
    }
  }
  return blocks;
}

const MULTI_OP_BLOCKS: readonly ChainBlock[] = [
  ...squeezeAndExcitation(),
  { name: 'hswish', ops: ['add', 'relu', 'mul', 'mul'] },
  { name: 'hswish', ops: ['add', 'relu', 'div', 'mul'] },
  { name: 'hswish', ops: ['add', 'relu', 'mul', 'div'] },
  { name: 'channelshuffle', ops: ['reshape', 'transpose', 'reshape'] },
  { name: 'gap', ops: ['gap', 'reshape'] },
];

/** The blocks in the order they are looked for; rules of three and more ops add theirs. */
export function chainBlocks(rules: Readonly<Record<string, boolean>>): ChainBlock[] {
  const blocks = [...MULTI_OP_BLOCKS];
  for (const [rule, holds] of Object.entries(rules)) {
    const [kind, ...ops] = rule.split('_');
    if (holds && kind === 'BF' && ops.length > 2) blocks.push({ name: ops.join('-'), ops });
  }
  return blocks;
}
