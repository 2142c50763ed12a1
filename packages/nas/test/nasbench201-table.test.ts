import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { spaceNamed } from '@nnmeter/nas';
import { nasBench201Evaluator, nasBench201Sample, readNasBench201 } from '@nnmeter/nas/node';

const FOLDER = mkdtempSync(join(tmpdir(), 'nnmeter-nasbench201-'));
const CELLS = [
  '|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|',
  '|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|',
] as const;
const GOOD = `index,arch,accuracy,ms\n0,${CELLS[0]},85.5,3.25\n1,${CELLS[1]},80.25,1.5\n`;

function file(name: string, content: string | Uint8Array): string {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
}

test.each([
  ['plain.csv', GOOD],
  ['windows.csv', GOOD.replaceAll('\n', '\r\n')],
  ['zipped.csv.gz', gzipSync(GOOD)],
])('%s answers what it says of a cell', async (name, content) => {
  const evaluator = nasBench201Evaluator(await readNasBench201(file(name, content)));
  const sample = nasBench201Sample(CELLS[1]);
  expect(() => spaceNamed('nasbench201').build(sample)).not.toThrow();
  const request = { id: 0, space: 'nasbench201', sample, values: {} };
  expect(await evaluator.evaluate(request)).toEqual({ values: { accuracy: 80.25, ms: 1.5 } });
  const other = { ...request, sample: { ...sample, 'cell/0_1': 'conv_3x3' } };
  expect(await evaluator.evaluate(other)).toEqual({
    failed: expect.stringMatching(/no such cell/),
  });
});

test.each<[string, string | Uint8Array, RegExp]>([
  ['a torn archive', gzipSync(GOOD).subarray(0, 60), /cannot be unzipped: unexpected end of file/],
  ['nothing', '', /has no column "arch"/],
  ['other columns', 'a,b\n1,2\n', /has no column "arch"/],
  ['a line of garbage', `${GOOD}garbage\n`, /line 4: "" is no cell of NAS-Bench-201/],
  ['a torn line', GOOD.slice(0, -5), /line 3: it lacks the number "ms"/],
  ['a word for a number', GOOD.replace('80.25', 'good'), /line 3: it lacks the number "accuracy"/],
  [
    'an unknown operation',
    GOOD.replace('avg_', 'max_'),
    /line 2: "cell\/0_1" cannot be "max_pool_3x3"/,
  ],
  ['an edge twice', GOOD.replace('skip_connect~1', 'skip_connect~0'), /line 2: the sample has no/],
  ['a cell twice', GOOD.replace(CELLS[1], CELLS[0]), /line 3: the cell .* was there before/],
])('%s is one error that says where', async (_, content, message) => {
  const path = file('damaged.csv', content);
  await expect(readNasBench201(path)).rejects.toMatchObject({
    code: 'E_INVALID_INPUT',
    message: expect.stringMatching(message),
  });
});
