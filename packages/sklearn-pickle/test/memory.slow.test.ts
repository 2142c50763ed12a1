import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { PEAK_MEGABYTES } from '../../../tests/support/peak-memory.ts';

describe('a file of 4.9 MB makes the process grow by less than 300 MB if it is full of', () => {
  /** Name, opcodes before, opcodes that are repeated. */
  test.each<[string, number[], number[]]>([
    ['EMPTY_DICT', [], [0x7d]],
    ['EMPTY_LIST', [], [0x5d]],
    ['MEMOIZE', [0x4e], [0x94]],
    ['MARK', [], [0x28]],
    ['NONE', [], [0x4e]],
    ['SHORT_BINBYTES', [], [0x43, 0]],
    ['SHORT_BINUNICODE', [], [0x8c, 2, 0x61, 0x62]],
    ['TUPLE1', [0x4e], [0x85]],
    ['lists of one entry', [], [0x5d, 0x4e, 0x61]],
    ['dicts of one entry', [], [0x7d, 0x4e, 0x4e, 0x73]],
    ['marked dicts', [], [0x28, 0x7d]],
    ['memoized dicts', [], [0x7d, 0x94]],
    ['appends to one list', [0x5d], [0x4e, 0x61]],
    ['new entries of one dict', [0x7d], [0x8a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x4e, 0x73]],
  ])('%s', (_, before, repeated) => {
    const code = `${PEAK_MEGABYTES}
      import { readSklearnForest } from ${JSON.stringify(import.meta.resolve('@nnmeter/sklearn-pickle'))};
      const repeated = Buffer.alloc(4.9e6, Buffer.from(${JSON.stringify(repeated)}));
      const bytes = Buffer.concat([Buffer.from([0x80, 4, ...${JSON.stringify(before)}]), repeated]);
      const { rss } = process.memoryUsage();
      let code;
      try { readSklearnForest(bytes); } catch (error) { code = error.code; }
      console.log(JSON.stringify({ code, growth: peakMegabytes() * 2 ** 20 - rss }));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code]);
    const { code: found, growth } = JSON.parse(output.toString());
    expect(['E_UNSUPPORTED_FORMAT', 'E_WEIGHTS']).toContain(found);
    expect(growth).toBeLessThan(300e6);
  });
});
