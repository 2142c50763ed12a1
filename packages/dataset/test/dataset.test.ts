import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  type DatasetModel,
  parseDatasetModel,
  type ReadingOptions,
  readDatasetModels,
} from '@nnmeter/dataset';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nnmeter-dataset-'));
});
beforeEach(async () => {
  for (const name of ['a.jsonl', 'a.jsonl.gz', 'b.jsonl', 'notes.txt'])
    await rm(join(folder, name), { force: true });
});
afterAll(() => rm(folder, { recursive: true }));

async function read(
  files: Readonly<Record<string, string | Uint8Array>>,
  options?: ReadingOptions,
): Promise<DatasetModel[]> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const models: DatasetModel[] = [];
  for await (const model of readDatasetModels(folder, options)) models.push(model);
  return models;
}

const A = '{"id":"a_1","dev":2.5,"other":null,"graph":{}}';
const B = '{"id":"b_1","dev":4,"graph":{"x":{}}}';
const MODELS = [
  { id: 'a_1', graph: {}, measured: { dev: 2.5, other: null } },
  { id: 'b_1', graph: { x: {} }, measured: { dev: 4 } },
];

test.each([
  ['lines of Unix', { 'a.jsonl': `${A}\n${B}\n` }],
  ['lines of Windows, a byte order mark, empty lines', { 'a.jsonl': `\uFEFF${A}\r\n\r\n${B}` }],
  ['compressed', { 'a.jsonl.gz': gzipSync(`${A}\n${B}`) }],
  ['several files by name', { 'b.jsonl': B, 'a.jsonl.gz': gzipSync(A), 'notes.txt': 'no data' }],
])('reads models with their measurements: %s', async (_, files) => {
  expect(await read(files)).toEqual(MODELS);
});

test('all bytes of the files pass by, as they are on the disk', async () => {
  const files = { 'a.jsonl.gz': gzipSync(A), 'b.jsonl': Buffer.from(`${B}\n`) };
  const chunks: Uint8Array[] = [];
  await read(files, { onChunk: (chunk) => chunks.push(chunk) });
  expect(Buffer.concat(chunks)).toEqual(Buffer.concat(Object.values(files)));
});

test.each([
  [`${A}\n{"id":`, 'a.jsonl, line 2 is not JSON'],
  ['{"id":"a_1","dev":-1,"graph":{}}', 'line 1: dev of a_1 is -1'],
  ['{"id":"a_1","dev":"fast","graph":{}}', 'dev of a_1 is "fast"'],
  ['{"dev":1,"graph":{}}', 'line 1 is not an object with an "id" and a "graph"'],
  ['null', 'line 1 is not an object'],
])('a broken line is named: %s', async (lines, message) => {
  await expect(read({ 'a.jsonl': lines })).rejects.toMatchObject({
    code: 'E_MEASUREMENTS',
    message: expect.stringContaining(message),
  });
});

test('a damaged file is named, a line without end refused', async () => {
  const damaged = gzipSync(A.repeat(100)).subarray(0, 60);
  await expect(read({ 'a.jsonl.gz': damaged })).rejects.toThrow('a.jsonl.gz is damaged');
  await rm(join(folder, 'a.jsonl.gz'));
  await expect(read({ 'a.jsonl': ' '.repeat((32 << 20) + 1) })).rejects.toMatchObject({
    code: 'E_LIMIT',
  });
});

test('only measurements that are asked for have to be some', () => {
  const line = '{"id":"a_1","dev":2,"note":"rooted phone","graph":{}}';
  expect(parseDatasetModel(line, 'here', ['dev', 'other']).measured).toEqual({
    dev: 2,
    other: null,
  });
  expect(() => parseDatasetModel(line, 'here', ['note'])).toThrow('here: note of a_1 is "rooted');
});

test('a folder without datasets is refused', async () => {
  await expect(read({ 'notes.txt': A })).rejects.toMatchObject({ code: 'E_FILE' });
});
