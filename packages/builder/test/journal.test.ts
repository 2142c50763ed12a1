import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { JournalLine } from '@nnmeter/builder';
import { openJournal } from '@nnmeter/builder/node';
import { testNames } from '../../../tests/support/test-if.ts';
import { newJournal } from './support/build.ts';
import { HEADER } from './support/header.ts';

const line = (id: string): JournalLine => ({ kind: 'failed', id, reason: 'ä', at: 1, tookMs: 2 });

test('what was added is there again', async () => {
  const path = newJournal();
  const journal = await openJournal(path, HEADER, false);
  await journal.add(line('a'));
  await journal.add(line('b'));
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
  await journal.close();
  const again = await openJournal(path, HEADER, true);
  expect(again.lines).toEqual([line('a'), line('b')]);
  await again.close();
});

test('a line that a killed process was writing is dropped, and the next takes its place', async () => {
  const path = newJournal();
  const journal = await openJournal(path, HEADER, false);
  await journal.add(line('a'));
  await journal.close();
  appendFileSync(path, JSON.stringify(line('ä')).slice(0, 25));
  const again = await openJournal(path, HEADER, true);
  expect(again.lines).toEqual([line('a')]);
  await again.add(line('b'));
  await again.close();
  const [, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  expect(lines.map((text) => JSON.parse(text))).toEqual([line('a'), line('b')]);
});

test('a header that was not written to the end is written anew', async () => {
  const path = newJournal();
  writeFileSync(path, '{"format":"nnme');
  const journal = await openJournal(path, HEADER, true);
  await journal.close();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(HEADER);
});

test('the facts of the beginning stay', async () => {
  const path = newJournal();
  await (await openJournal(path, HEADER, false)).close();
  const facts = { ...HEADER.facts, processor: 'named later' };
  const journal = await openJournal(path, { ...HEADER, facts }, true);
  expect(journal.header).toEqual(HEADER);
  await journal.close();
});

test.each([
  [{ plan: '4567' }, /another build: its plan is "0123", here it is "4567"/],
  [{ seed: 2 }, /another build: its seed is 1, here it is 2/],
  [{ name: 'other' }, /another build: its name is "invented", here it is "other"/],
  [{ runner: 'tflite-adb' }, /another build: its runner is "invented"/],
  [{ facts: { ...HEADER.facts, version: '2.0' } }, /another build: .*invented-runtime 1\.0.*2\.0/],
])('a journal of %j is refused', async (change, message) => {
  const path = newJournal();
  await (await openJournal(path, HEADER, false)).close();
  const before = readFileSync(path);
  await expect(openJournal(path, { ...HEADER, ...change }, true)).rejects.toThrow(message);
  expect(readFileSync(path)).toEqual(before);
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test.each([
  ['{"format":"nnmeter-calibration"}\n', /no journal of a build/],
  ['model,ms\n', /line 1 is no JSON object/],
  [`${JSON.stringify(HEADER)}\n[]x\n`, /line 2 is no JSON object/],
  [`${JSON.stringify(HEADER)}\n{"kind":"mesured"}\n`, /line 2 is no measurement/],
])('%j is no journal to go on with', async (content, message) => {
  const path = newJournal();
  writeFileSync(path, content);
  await expect(openJournal(path, HEADER, true)).rejects.toMatchObject({
    code: 'E_INVALID_INPUT',
    message: expect.stringMatching(message),
  });
});

test('a journal that is there is not overwritten', async () => {
  const path = newJournal();
  await (await openJournal(path, HEADER, false)).close();
  await expect(openJournal(path, HEADER, false)).rejects.toThrow(/is there already.*resume/);
});

test('two builds do not share a journal', async () => {
  const path = newJournal();
  const first = await openJournal(path, HEADER, false);
  await expect(openJournal(path, HEADER, true)).rejects.toThrow(
    new RegExp(`the build of "invented" is running already, as process ${process.pid} on`),
  );
  await first.close();
  await (await openJournal(path, HEADER, true)).close();
});

test('the lock of a process that is gone holds nobody up', async () => {
  const path = newJournal();
  const { hostname } = await import('node:os');
  writeFileSync(`${path}.lock`, `${2 ** 22 + 1} ${hostname()}`);
  const attempts = await Promise.allSettled([1, 2].map(() => openJournal(path, HEADER, true)));
  expect(attempts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

testNames('a full disk is one error', async () => {
  const path = newJournal();
  const { symlinkSync } = await import('node:fs');
  symlinkSync('/dev/full', path);
  await expect(openJournal(path, HEADER, true)).rejects.toMatchObject({ code: 'E_FILE' });
});
