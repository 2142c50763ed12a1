import { type Attribute, type AttributeValue, type Op, opRow, ops } from '@nnmeter/ir';

/** An attribute of an op in the format. */
export interface IrAttribute {
  readonly name: string;
  readonly attribute: Attribute;
  /** Its names in the format: the first is written, all are read. */
  readonly names: readonly [string, ...string[]];
}

/** Attributes whose names in the original format are not their own in snake case. */
const NAMES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  transposeA: ['transA', 'adj_x'],
  transposeB: ['transB', 'adj_y'],
  blockSize: ['block_size', 'blocksize'],
  to: ['to', 'DstT'],
  directions: ['direction'],
};

function namesOf(name: string, { kind }: Attribute): readonly [string, ...string[]] {
  if (kind === 'axes') return ['reduction_indices', 'axes', 'axis'];
  return NAMES[name] ?? [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

const OF_OP = Object.fromEntries(
  ops.map((op) => [
    op,
    Object.entries(opRow(op).attributes).map(([name, attribute]) => ({
      name,
      attribute,
      names: namesOf(name, attribute),
    })),
  ]),
) as unknown as Readonly<Record<Op, readonly IrAttribute[]>>;

/** The attributes of an op in the format, in the order they are written. */
export function irAttributes(op: Op): readonly IrAttribute[] {
  return OF_OP[op];
}

/** What the format spells otherwise than as the value itself; undefined is not written. */
export const SPELLINGS: Readonly<
  Record<string, (value: AttributeValue, op: Op) => AttributeValue | undefined>
> = {
  transposeA: (value) => (value === true ? 1 : undefined),
  /** Weights are noted as [input, output]. */
  transposeB: (value, op) => (value === true && op !== 'fc' ? 1 : undefined),
  directions: (value) => (value === 2 ? 'bidirectional' : 'forward'),
};
