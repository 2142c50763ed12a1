import { crc32 } from '@nnmeter/forest';
import { LIMITS_PER_KIND } from '@nnmeter/latency-model';
import type { Part } from '../part.ts';
import { binary, Cutter } from './binary.ts';

const SCALARS = 18;
/** Of the header of a forest. */
const FOREST_HEADER = 16;

/** `weights.bin` as packages/latency-model/src/weights.ts describes it; the checksum is always right. */
export const weights = binary(
  (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = (at: number): number => view.getUint16(at, true);
    const [coefficients, sides, cells, kinds] = [count(6), count(8), count(10), count(12)];
    const cutter = new Cutter(bytes);
    const parts: Part[] = [
      cutter.number('u32', 'magic'),
      ...cutter.numbers(2, 'u8', 'header'),
      ...cutter.numbers(5, 'u16', 'header'),
      ...cutter.numbers(2, 'u32', 'header'),
      ...cutter.numbers(SCALARS + coefficients, 'f64', 'real'),
      ...cutter.numbers(LIMITS_PER_KIND * kinds, 'f32', 'limit'),
      ...cutter.numbers(cells, 'u32', 'cell'),
      ...cutter.numbers(sides, 'u16', 'side'),
      ...cutter.numbers(kinds, 'u8', 'measured'),
    ];
    if (cutter.left > 4) parts.push(...forest(cutter, view.getUint32(16, true)));
    return parts;
  },
  (bytes) => {
    const sealed = Buffer.alloc(bytes.length + 4);
    bytes.copy(sealed);
    sealed.writeUInt32LE(crc32(bytes), bytes.length);
    return sealed;
  },
);

/** Every 4 bytes of a forest as one number: its values stand behind the ids of features. */
function forest(cutter: Cutter, length: number): Part[] {
  const header = cutter.bytes(FOREST_HEADER, 'forest');
  const numbers = Math.floor((length - FOREST_HEADER) / 4);
  const values = cutter.numbers(numbers, 'f32', 'value');
  return [header, ...values, cutter.bytes(cutter.left - 4, 'forest')];
}
