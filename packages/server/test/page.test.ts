import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createPageApp } from '@nnmeter/server/http';

const folder = mkdtempSync(join(tmpdir(), 'nnmeter-page-app-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'index.html'), '<p>page</p>');
const model = `${folder}.onnx`;
writeFileSync(model, '0123456789');
afterAll(() => rmSync(model, { force: true }));

const appOf = (path: string) =>
  createPageApp({
    folder,
    headers: { 'x-content-type-options': 'nosniff' },
    documents: { 'models.json': { files: [] } },
    files: new Map([['models/0', { path, size: 10 }]]),
  });

async function ask(address: string, headers: Record<string, string> = {}, path = model) {
  const response = await (await appOf(path)).request(`http://localhost/${address}`, { headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

test('a page, its documents and named files are given, and nothing else', async () => {
  expect(await ask('')).toMatchObject({ status: 200, text: '<p>page</p>' });
  expect(await ask('models.json')).toMatchObject({ status: 200, text: '{"files":[]}' });
  expect(await ask('models/0')).toMatchObject({ status: 200, text: '0123456789' });
  for (const address of ['models/1', '../page.onnx', '%2e%2e/page.onnx', '%', 'toString'])
    expect((await ask(address)).status).toBe(404);
  expect((await ask('')).headers.get('x-content-type-options')).toBe('nosniff');
});

test.each([
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=8-', 206, '89', 'bytes 8-9/10'],
  ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=4-2', 416, '', 'bytes */10'],
  ['bytes=-2', 416, '', 'bytes */10'],
])('the range %s', async (range, status, text, given) => {
  const answer = await ask('models/0', { range });
  expect({ status: answer.status, text: answer.text }).toEqual({ status, text });
  expect(answer.headers.get('content-range')).toBe(given);
});

test('pages of other origins are refused', async () => {
  expect((await ask('models/0', { origin: 'https://elsewhere.example' })).status).toBe(403);
});

test('a file that is gone by now is not found', async () => {
  expect((await ask('models/0', {}, join(folder, 'gone.onnx'))).status).toBe(404);
});
