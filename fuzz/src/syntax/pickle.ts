import type { Part } from '../part.ts';
import { binary, Cutter } from './binary.ts';

/** Opcodes with an argument of a fixed size (Python's pickletools). */
const FIXED: Readonly<Record<number, number>> = {
  ...{ 75: 1, 104: 1, 113: 1, 128: 1, 130: 1, 77: 2, 131: 2 },
  ...{ 74: 4, 106: 4, 114: 4, 132: 4, 71: 8, 149: 8 },
};
/** Opcodes whose argument begins with its length, in so many bytes. */
const COUNTED: Readonly<Record<number, number>> = {
  ...{ 85: 1, 67: 1, 140: 1, 138: 1 },
  ...{ 84: 4, 66: 4, 88: 4, 139: 4, 141: 8, 142: 8, 150: 8 },
};
/** Opcodes whose argument is so many lines. */
const LINES: Readonly<Record<number, number>> = {
  ...{ 73: 1, 76: 1, 70: 1, 83: 1, 86: 1, 80: 1, 112: 1, 103: 1, 99: 2, 105: 2 },
};

/** Pickles as a list of opcodes, each with its argument; arguments that are long are pieces. */
export const pickle = binary((bytes) => {
  const cutter = new Cutter(bytes);
  const parts: Part[] = [];
  while (cutter.left > 0) {
    const start = bytes.length - cutter.left;
    const opcode = bytes[start]!;
    const label = `0x${opcode.toString(16)}`;
    const length = Math.min(argumentLength(bytes, start + 1, opcode), cutter.left - 1);
    parts.push({
      label,
      kind: 'opcode',
      value: [cutter.number('u8', label), ...argument(cutter, length, label)],
    });
  }
  return parts;
});

function argument(cutter: Cutter, length: number, label: string): Part[] {
  if (length === 1) return [cutter.number('u8')];
  if (length === 2) return [cutter.number('u16')];
  if (length === 4) return [cutter.number('u32')];
  if (length < 64) return [cutter.bytes(length, label)];
  // Arrays: eight bytes are a number of a tree.
  const head = cutter.bytes(length % 8 || 8, label);
  return [head, ...cutter.numbers(Math.floor((length - 1) / 8), 'f64')];
}

function argumentLength(bytes: Uint8Array, start: number, opcode: number): number {
  const fixed = FIXED[opcode];
  if (fixed !== undefined) return fixed;
  const counted = COUNTED[opcode];
  if (counted !== undefined) {
    let length = 0;
    for (let at = counted - 1; at >= 0; at--) length = length * 256 + (bytes[start + at] ?? 0);
    return counted + length;
  }
  let end = start;
  for (let line = LINES[opcode] ?? 0; line > 0; line--) {
    const found = bytes.indexOf(10, end);
    end = found < 0 ? bytes.length : found + 1;
  }
  return end - start;
}
