import { describe, expect, test } from '@jest/globals';
import { decodeForest, encodeForest } from '@nnmeter/forest';
import fc from 'fast-check';
import { arbitraryTrees, type NaiveNode, toForest } from './arbitrary.ts';

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const float64 = fc.double({ noNaN: true, noDefaultInfinity: true });
const stump: NaiveNode = { feature: 1, value: 0.5, left: { value: -2 }, right: { value: 3 } };
const small = encodeForest(toForest([stump, { value: 7 }], 2, 'float32', 'mean'));
const unreadable = expect.objectContaining({ name: 'NnMeterError', code: 'E_WEIGHTS' });

describe('the binary format', () => {
  test.each([
    ['float32, u8 ids', 255, 'float32', float32],
    ['float32, u16 ids', 256, 'float32', float32],
    ['float64, u8 ids', 3, 'float64', float64],
    ['float64, u16 ids', 32767, 'float64', float64],
  ] as const)('returns the same forest (%s)', (_, featureCount, precision, number) => {
    fc.assert(
      fc.property(
        arbitraryTrees(featureCount, number),
        fc.constantFrom('sum' as const, 'mean' as const),
        (trees, aggregation) => {
          const forest = toForest(trees, featureCount, precision, aggregation);
          expect(decodeForest(encodeForest(forest))).toEqual(forest);
        },
      ),
    );
  });

  test('is laid out as documented', () => {
    expect(Buffer.from(small).toString('hex')).toBe(
      [
        '4e4e4d46', // NNMF
        '01', // version
        '02', // mean
        '0200', // features
        '02000000', // trees
        '04000000', // nodes
        '01ffffff', // ids
        '0000003f000000c0000040400000e040', // 0.5, -2, 3, 7
        '6ab875ee', // CRC-32, by Python's zlib
      ].join(''),
    );
  });

  test('reads from the middle of a buffer', () => {
    const padded = new Uint8Array(small.length + 3);
    padded.set(small, 3);
    expect(decodeForest(padded.subarray(3))).toEqual(decodeForest(small));
  });

  test('notices every single flipped bit', () => {
    for (let bit = 0; bit < small.length * 8; bit++) {
      const flipped = small.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodeForest(flipped)).toThrow(unreadable);
    }
  });

  test('notices truncation at every byte, and trailing bytes', () => {
    for (let length = 0; length < small.length; length++) {
      expect(() => decodeForest(small.subarray(0, length))).toThrow(unreadable);
    }
    const longer = new Uint8Array(small.length + 1);
    longer.set(small);
    expect(() => decodeForest(longer)).toThrow('has 41 bytes, its header says 40');
  });

  test('names the version of a newer file', () => {
    const newer = small.slice();
    newer[4] = 9;
    expect(() => decodeForest(newer)).toThrow('format version 9; this release reads 1');
  });

  test('does not allocate what a forged header declares', () => {
    const forged = small.slice();
    forged.fill(0xff, 12, 16);
    expect(() => decodeForest(forged)).toThrow('its header says 21474836495');
  });
});
