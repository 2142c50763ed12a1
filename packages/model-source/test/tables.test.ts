import { describe, expect, test } from '@jest/globals';
import { ByteTable, NameTable } from '@nnmeter/model-source/protobuf';
import fc from 'fast-check';

describe('numbers of bytes', () => {
  test('equal bytes have one number, others have others, in the order of first sight', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 300 }), (parts) => {
        const table = new ByteTable();
        const seen = new Map<string, number>();
        for (const part of parts) {
          const key = part.join();
          const expected = seen.get(key) ?? seen.size;
          expect(table.find(part, 0, part.length)).toBe(seen.has(key) ? expected : -1);
          seen.set(key, expected);
          expect(table.add(part, 0, part.length)).toBe(expected);
          expect([...table.bytes(expected)]).toEqual([...part]);
        }
        expect(table.size).toBe(seen.size);
      }),
    );
  });

  test('texts made to fall on one place are found too, before and after the table grows', () => {
    // As the table computes it for texts of less than four bytes: an attacker reads our source too.
    const hash = (bytes: readonly number[]): number => {
      const state = bytes.reduce((at, byte) => Math.imul(at ^ byte, 0x01000193), bytes.length);
      return state ^ (state >>> 15);
    };
    const entries: Uint8Array[] = [];
    for (let value = 0; entries.length < 100; value++) {
      const bytes = [value & 255, (value >> 8) & 255, (value >> 16) & 255];
      if ((hash(bytes) & 0xfff) === 0) entries.push(Uint8Array.from(bytes));
    }
    const table = new ByteTable();
    const numbers = entries.map((entry) => table.add(entry, 0, entry.length));
    expect(numbers).toEqual(entries.map((_, index) => index));
    for (let filler = 0; filler < 5000; filler++)
      table.add(Uint8Array.of(1, 2, 3, filler, filler >> 8), 0, 5);
    expect(entries.map((entry) => table.find(entry, 0, entry.length))).toEqual(numbers);
    expect(entries.map((entry) => table.add(entry, 0, entry.length))).toEqual(numbers);
  });
});

describe('numbers of names', () => {
  test('texts come back, whatever their characters, and bytes that are no UTF-8 read as text does', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const names = new NameTable();
        const encoder = new TextEncoder();
        for (const text of texts) {
          const bytes = encoder.encode(text);
          const number = names.add(bytes, 0, bytes.length);
          expect(names.text(number)).toBe(
            new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
          );
          expect(names.find(names.text(number))).toBe(number);
          expect(names.addText(names.text(number))).toBe(number);
        }
      }),
    );
    const names = new NameTable();
    expect(names.text(names.add(Uint8Array.of(0x61, 0xff), 0, 2))).toBe('a\\xff');
    expect(names.find('b')).toBe(-1);
    expect(names.addText('')).toBe(0);
  });
});
