import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDataset } from '../dist/dataset.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nnmeter-dataset-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(lines: string): Promise<unknown[]> {
  await writeFile(join(folder, 'a.jsonl.gz'), gzipSync(lines));
  const models: unknown[] = [];
  for await (const model of openDataset(folder).models()) models.push(model);
  return models;
}

test('reads models with their measurements', async () => {
  expect(await read('{"id":"a_1","dev":2.5,"other":null,"graph":{}}\n\n')).toEqual([
    { id: 'a_1', graph: {}, measured: { dev: 2.5, other: null } },
  ]);
});

test.each([
  ['{"id":"a_1","dev":1,"graph":{}}\n{"id":', 'line 2 is not JSON'],
  ['{"id":"a_1","dev":-1,"graph":{}}', 'line 1: dev of a_1 is -1'],
  ['{"id":"a_1","dev":"fast","graph":{}}', 'dev of a_1 is "fast"'],
  ['{"dev":1,"graph":{}}', 'line 1: expected an object with "id" and "graph"'],
])('a broken line is named: %s', async (lines, message) => {
  await expect(read(lines)).rejects.toMatchObject({
    code: 'E_MEASUREMENTS',
    message: expect.stringContaining(message),
  });
});

test('a folder without datasets is refused', async () => {
  await rm(join(folder, 'a.jsonl.gz'), { force: true });
  await expect(openDataset(folder).models().next()).rejects.toMatchObject({ code: 'E_FILE' });
});
