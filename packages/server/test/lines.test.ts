import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Answer, Call } from '@nnmeter/server';
import { serveLines } from '@nnmeter/server/lines';
import { dispatch, latenciesOf, SMALL_IR } from './support.ts';

interface Response {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What is written for these chunks of input. */
async function responses(
  chunks: readonly (string | Buffer)[],
  options: { maxBytes?: number; ahead?: number; answer?: (call: Call) => Promise<Answer> } = {},
): Promise<Response[]> {
  const { maxBytes = 1e6, ahead = 8, answer = dispatch } = options;
  const [input, output] = [new PassThrough(), new PassThrough()];
  let text = '';
  output.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const served = serveLines(answer, input, output, { maxBytes, ahead });
  for (const chunk of chunks) input.write(chunk);
  input.end();
  await served;
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

const HEALTH = '"method":"health"';

test('a prediction by lines is that of the library', async () => {
  const request = { id: 'a', method: 'predict', params: { object: SMALL_IR } };
  const [response] = await responses([`${JSON.stringify(request)}\n`]);
  const { id, result } = response as { id: string; result: { latencyMs: number }[] };
  expect(id).toBe('a');
  expect(result.map(({ latencyMs }) => latencyMs)).toEqual(await latenciesOf(SMALL_IR));
});

test('lines may come in any pieces, end in any way, and be empty', async () => {
  const text = Buffer.from(`{"id":"ü",${HEALTH}}\r\n\n  \n{"id":2,${HEALTH}}\n{"id":3,${HEALTH}}`);
  const bytes = [...text].map((byte) => Buffer.of(byte));
  const found = await responses(bytes);
  expect(found.map(({ id }) => id).sort()).toEqual([2, 3, 'ü']);
  for (const { result } of found) expect(result).toMatchObject({ status: 'ok' });
});

test.each<[string, string, RegExp]>([
  ['no JSON', 'predict model.onnx', /this is no JSON/],
  ['no object', '[1, 2]', /a request is an object/],
  ['null', 'null', /a request is an object/],
  ['no method', '{"id":5}', /there is no method/],
  ['a method that is none', '{"id":5,"method":{"a":1}}', /there is no method/],
  ['a method of objects', '{"id":5,"method":"constructor"}', /there is no method "constructor"/],
  ['parameters that are none', '{"id":5,"method":"predict","params":"m.onnx"}', /parameters of/],
])('%s is one error, and the next line is answered', async (_, line, message) => {
  const found = await responses([`${line}\n{"id":6,${HEALTH}}\n`]);
  expect(found).toHaveLength(2);
  const failed = found.find(({ error }) => error !== undefined);
  expect(failed?.error).toMatchObject({ code: 'E_USAGE' });
  expect(failed?.error?.message).toMatch(message);
  expect(found).toContainEqual(expect.objectContaining({ id: 6 }));
});

test('a line that is too long is refused and not kept', async () => {
  const long = `{"id":1,"method":"predict","params":{"base64":"${'A'.repeat(5000)}"}}`;
  const found = await responses([long, long, `\n{"id":2,${HEALTH}}\n`], { maxBytes: 1000 });
  expect(found).toContainEqual({
    id: null,
    error: expect.objectContaining({ code: 'E_LIMIT', message: expect.stringContaining('1000') }),
  });
  expect(found).toContainEqual(expect.objectContaining({ id: 2 }));
});

test('no more requests are under way than may be, and each is answered as soon as it is done', async () => {
  let running = 0;
  let most = 0;
  let done = 0;
  let allOthersDone = (): void => {};
  const first = new Promise<void>((resolve) => {
    allOthersDone = resolve;
  });
  const answer = async ({ json }: Call): Promise<Answer> => {
    most = Math.max(most, ++running);
    const { number } = JSON.parse(json!);
    await (number === 0 ? first : nextTurn());
    running--;
    if (++done === 5) allOthersDone();
    return { json: String(number) };
  };
  const lines = [0, 1, 2, 3, 4, 5].map(
    (number) => `{"id":${number},"method":"predict","params":{"number":${number}}}\n`,
  );
  const found = await responses(lines, { ahead: 3, answer });
  expect(most).toBe(3);
  expect(found).toHaveLength(lines.length);
  expect(found.at(-1)).toEqual({ id: 0, result: 0 });
});

test('while the reader is behind, all answers wait for it together, and none is lost', async () => {
  const [input, output] = [new PassThrough(), new PassThrough({ highWaterMark: 1 })];
  const requests = 30;
  const served = serveLines(dispatch, input, output, { maxBytes: 1e6, ahead: requests + 1 });
  for (let id = 0; id < requests; id++) input.write(`{"id":${id},${HEALTH}}\n`);
  input.end();
  await nextTurn();
  await nextTurn();
  expect(output.listenerCount('drain')).toBe(1);
  let text = '';
  output.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await served;
  const ids = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id);
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: requests }, (_, id) => id));
});
