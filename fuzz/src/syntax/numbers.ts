import { binary, Cutter } from './binary.ts';

/** Any file as numbers of 32 bits: places in the file, lengths, and what else they mean. */
export const numbers = binary((bytes) => {
  const cutter = new Cutter(bytes);
  return [
    ...cutter.numbers(Math.floor(bytes.length / 4), 'u32'),
    cutter.bytes(bytes.length % 4, 'rest'),
  ];
});
