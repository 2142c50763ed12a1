import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { frontend, readTensorFlowFile } from '@nnmeter/frontend-tf';
import { openModel } from '@nnmeter/model-source';
import { type ZipEntry, zipOf } from '../../nn-meter-predictors/test/support/zip-writer.ts';

const saved = join(import.meta.dirname, '../../../fixtures/tf/saved_model');
const content = readFileSync(join(saved, 'saved_model.pb'));
const weights = {
  name: 'saved/variables/variables.data-00000-of-00001',
  content: new Uint8Array(9),
};
const graph = { name: 'saved/saved_model.pb', content };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nn-meter-zip-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function zipped(entries: readonly ZipEntry[], change = (bytes: Uint8Array) => bytes): string {
  const path = join(folder, 'saved.zip');
  writeFileSync(path, change(zipOf(entries)));
  return path;
}

async function likelihood(path: string): Promise<number> {
  const source = await openModel(path);
  try {
    return await frontend.matches(source.head, source);
  } finally {
    source.close();
  }
}

test.each([
  ['of its folder', [weights, graph]],
  ['of what is in the folder', [{ name: 'saved_model.pb', content }]],
  ['by macOS', [graph, { name: '__MACOSX/saved/._saved_model.pb', content: new Uint8Array(9) }]],
  ['that would lie elsewhere', [{ name: '../../../saved_model.pb', content }]],
])('a zip %s is the SavedModel in it', async (_, entries) => {
  const path = zipped(entries);
  expect(await likelihood(path)).toBe(1);
  const [read, expected] = await Promise.all([path, saved].map((each) => readTensorFlowFile(each)));
  expect(read!.name).toBe('saved');
  expect(read!.nodes.length).toBeGreaterThan(3);
  expect(read!.nodes).toEqual(expected!.nodes);
  expect([...read!.tensors]).toEqual([...expected!.tensors]);
});

const TWO = [graph, { name: 'other/saved_model.pb', content }];
const BOMB = [{ ...graph, content: new Uint8Array(64 * 2 ** 20) }];
const LIE = [{ ...graph, size: content.length - 1 }];

test.each<[string, readonly ZipEntry[], number, string, RegExp]>([
  [
    'two of them',
    TWO,
    1,
    'E_INVALID_INPUT',
    /holds 2 SavedModels: "saved\/saved_model.pb", "other/,
  ],
  ['a bomb', BOMB, 1, 'E_LIMIT', /"saved\/saved_model.pb" unpacks to 67108864 bytes from \d+/],
  ['a size that is a lie', LIE, 1, 'E_INVALID_INPUT', /its zip is damaged/],
  ['no model', [weights], 0, 'E_INVALID_INPUT', /the zip holds no saved_model.pb/],
])('%s: one error', async (_, entries, sureness, code, message) => {
  const path = zipped(entries);
  expect(await likelihood(path)).toBe(sureness);
  await expect(readTensorFlowFile(path)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

test.each([30, 100, 0.5, 0.99])('cut off after %d: one error', async (part) => {
  const path = zipped([graph], (bytes) => bytes.subarray(0, part < 1 ? part * bytes.length : part));
  expect(await likelihood(path)).toBe(0);
  await expect(readTensorFlowFile(path)).rejects.toMatchObject({
    code: 'E_INVALID_INPUT',
    message: expect.stringMatching(/saved.zip: its zip is damaged: .*download it again$/),
  });
});

test('an encrypted one: one error', async () => {
  const path = zipped([graph], (bytes) => {
    const changed = Uint8Array.from(bytes);
    const directory = Buffer.from(changed).indexOf('PK\x01\x02');
    changed[6]! |= 1;
    changed[directory + 8]! |= 1;
    return changed;
  });
  await expect(readTensorFlowFile(path)).rejects.toMatchObject({
    code: 'E_INVALID_INPUT',
    message: expect.stringMatching(/its "saved\/saved_model.pb" is encrypted/),
  });
});
