import { expect, test } from '@jest/globals';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatShape,
  formatShare,
  printable,
  shortenMiddle,
  wrap,
} from '@nnmeter/report';
import fc from 'fast-check';

test.each([
  [0, '0.00'],
  [216.1949, '216.19'],
  [1, '1.00'],
  [0.99996, '1.00'],
  [0.0123456, '0.0123'],
  [0.000012345, '1.23e-5'],
])('%d ms', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

test('three digits of every latency are shown', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (ms) => {
      expect(Math.abs(Number(formatMs(ms)) / ms - 1)).toBeLessThan(0.0051);
    }),
  );
});

test('only the whole is 100 %', () => {
  expect([0, 0.5, 0.99999, 1].map(formatShare)).toEqual(['0.0 %', '50.0 %', '99.9 %', '100.0 %']);
});

test('shapes', () => {
  expect(formatShape([1, 56, 56, 64])).toBe('1x56x56x64');
  expect(formatShape([])).toBe('scalar');
});

test('a long text loses its middle, never its end, and fits', () => {
  expect(shortenMiddle('layer4.1.conv2', 14)).toBe('layer4.1.conv2');
  expect(shortenMiddle('layer4.1.conv2', 10)).toBe('lay….conv2');
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (text, width) => {
      const short = shortenMiddle(text, width);
      expect(short.length).toBe(Math.min(text.length, width));
    }),
  );
});

test('lines are wrapped between words, and keep to the width', () => {
  expect(wrap('never measured on this device', 14)).toEqual(['never measured', 'on this device']);
  expect(wrap('abcdefgh ij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  const words = fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { minLength: 1 });
  fc.assert(
    fc.property(words, fc.integer({ min: 5, max: 60 }), (list, width) => {
      const lines = wrap(list.join(' '), width);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      expect(lines.join('').replaceAll(' ', '')).toBe(list.join(''));
    }),
  );
});

test('text from a file cannot move the cursor or colour the screen', () => {
  expect(printable('a\u001b[31mb\r\nc\u202ed')).toBe('a?[31mb??c?d');
});

test.each([
  [0, '0', '0 B'],
  [999, '999', '999 B'],
  [1000, '1.00 k', '1.00 kB'],
  [999_499, '999 k', '999 kB'],
  [999_500, '1.00 M', '1.00 MB'],
  [11_689_512, '11.7 M', '11.7 MB'],
  [4.1e9, '4.10 G', '4.10 GB'],
  [2e18, '2000000 T', '2000000 TB'],
])('%d as a count and as bytes', (number, count, bytes) => {
  expect(formatCount(number)).toBe(count);
  expect(formatBytes(number)).toBe(bytes);
});
