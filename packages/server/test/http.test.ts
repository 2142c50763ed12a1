import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createApp, type HttpServer, isLoopback, listen } from '@nnmeter/server/http';
import { BYTES, dispatch, latenciesOf, PREDICTORS, RESNET18, SMALL_IR } from './support.ts';

const LIMITS = { maxBytes: 1e6, maxHeld: 1.5e6 };
const app = createApp(dispatch, LIMITS);
const JSON_TYPE = { 'content-type': 'application/json' };
const BINARY_TYPE = { 'content-type': 'application/octet-stream' };

interface Reply {
  readonly status: number;
  readonly body: { latencyMs: number }[] & { error?: { code: string; message: string } };
}

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Reply> {
  const url = `http://localhost${path}`;
  const response = await app.request(url, { method: 'POST', body, headers });
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

const totals = ({ body }: Reply) => body.map(({ latencyMs }) => latencyMs);

test('a prediction by JSON or by bytes is that of the library', async () => {
  const expected = await latenciesOf(RESNET18);
  const byJson = await post('/v1/predict', JSON.stringify({ path: RESNET18 }), JSON_TYPE);
  const byBytes = await post('/v1/predict', BYTES, BINARY_TYPE);
  expect(byJson.status).toBe(200);
  expect([totals(byJson), totals(byBytes)]).toEqual([expected, expected]);
});

test('the query has the parameters beside bytes', async () => {
  const shape = encodeURIComponent('{"input":[1,3,64,64]}');
  const names = PREDICTORS.map(({ name }) => `predictors=${name}`).reverse();
  const query = `${names.join('&')}&type=onnx&inputShapes=${shape}`;
  const reply = await post(`/v1/predict?${query}`, BYTES, BINARY_TYPE);
  const inputShapes = { input: [1, 3, 64, 64] };
  const reports = PREDICTORS.map((each) => each.predict(BYTES, 'onnx', { inputShapes }));
  const expected = (await Promise.all(reports)).map(({ latencyMs }) => latencyMs).reverse();
  expect(totals(reply)).toEqual(expected);
});

test.each([
  ['a method that is none', '/v1/pedict', '{}', JSON_TYPE, 400, 'E_USAGE'],
  ['another path', '/predict', '{}', JSON_TYPE, 404, 'E_USAGE'],
  ['no content type', '/v1/predict', '{}', { 'content-type': '' }, 400, 'E_USAGE'],
  ['a form', '/v1/predict', 'path=a', { 'content-type': 'text/plain' }, 400, 'E_USAGE'],
  ['no JSON', '/v1/predict', '{"path"', JSON_TYPE, 400, 'E_USAGE'],
  ['a bad query', '/v1/predict?strict=perhaps', 'x', BINARY_TYPE, 400, 'E_USAGE'],
  ['an unknown parameter', '/v1/predict?modle=1', 'x', BINARY_TYPE, 400, 'E_USAGE'],
  ['no such file', '/v1/predict', '{"path":"none"}', JSON_TYPE, 404, 'E_FILE'],
  ['no model', '/v1/predict', 'no model', BINARY_TYPE, 422, 'E_UNSUPPORTED_FORMAT'],
  ['too much', '/v1/predict', 'x'.repeat(1_000_001), BINARY_TYPE, 413, 'E_LIMIT'],
])('%s has a status and an error', async (_, path, body, headers, status, code) => {
  const reply = await post(path, body, headers);
  expect({ status: reply.status, code: reply.body.error?.code }).toEqual({ status, code });
});

test('too much of all clients together is refused, until some of it is done', async () => {
  let finish = (): void => {};
  const slow = createApp(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { json: '1' };
  }, LIMITS);
  const send = () =>
    slow.request('http://localhost/v1/predict', {
      ...{ method: 'POST', headers: BINARY_TYPE, body: new Uint8Array(900_000) },
    });
  const first = send();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const second = await send();
  expect(second.status).toBe(503);
  expect(second.headers.get('retry-after')).toBe('1');
  finish();
  expect((await first).status).toBe(200);
  const third = send();
  await new Promise((resolve) => setTimeout(resolve, 20));
  finish();
  expect((await third).status).toBe(200);
});

describe('who may ask', () => {
  test.each([
    ['a program of this machine', 'http://127.0.0.1:1/v1/health', {}, 200],
    ['the same by IPv6', 'http://[::1]:1/v1/health', {}, 200],
    ['a page of this machine', 'http://localhost/v1/health', { origin: 'http://localhost:3' }, 200],
    ['a page from elsewhere', 'http://localhost/v1/health', { origin: 'https://evil.com' }, 403],
    ['a page without origin', 'http://localhost/v1/health', { origin: 'null' }, 403],
    ['a name that leads here', 'http://evil.com/v1/health', {}, 403],
    ['one that looks like it', 'http://127.0.0.1.evil.com/v1/health', {}, 403],
  ])('%s', async (_, url, headers, status) => {
    expect((await app.request(url, { headers })).status).toBe(status);
  });

  test('with a token, whoever has it', async () => {
    const guarded = createApp(dispatch, { ...LIMITS, token: 'a-secret-of-some-length' });
    const ask = async (authorization: string) => {
      const headers = authorization === '' ? {} : { authorization };
      return (await guarded.request('http://any.where/v1/health', { headers })).status;
    };
    expect(await ask('')).toBe(401);
    expect(await ask('Bearer a-secret-of-some-lengths')).toBe(401);
    expect(await ask('Basic a-secret-of-some-length')).toBe(401);
    expect(await ask('Bearer a-secret-of-some-length')).toBe(200);
  });

  test.each(['0.0.0.0', '::', '192.168.1.2', 'localhost.evil.com', '1127.0.0.1'])(
    '%s is no address of this machine alone',
    (host) => expect(isLoopback(host)).toBe(false),
  );
});

describe('a server', () => {
  let server: HttpServer;
  const open = async (requestMs = 5000) => {
    server = await listen(app, { host: '127.0.0.1', port: 0, requestMs });
    return `http://127.0.0.1:${server.port}`;
  };
  afterEach(() => server.close());

  /** What the server sends for this text before it closes the connection. */
  function talk(text: string, end: boolean): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write(text);
        if (end) socket.end();
      });
      let received = '';
      socket.on('data', (part) => {
        received += part;
      });
      socket.on('close', () => resolve(received));
    });
  }

  test('answers over the network', async () => {
    const url = await open();
    const body = JSON.stringify({ object: SMALL_IR });
    const init = { method: 'POST', body, headers: JSON_TYPE };
    const response = await fetch(`${url}/v1/predict`, init);
    const found = (await response.json()) as { latencyMs: number }[];
    expect(found.map(({ latencyMs }) => latencyMs)).toEqual(await latenciesOf(SMALL_IR));
  });

  test('closes on those who are slow or send half, and answers others meanwhile', async () => {
    const url = await open(600);
    const head =
      'POST /v1/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
    const slow = talk(`${head}content-length: 100\r\n\r\n{"path"`, false);
    const half = talk(`${head}content-length: 100\r\n\r\n{"path"`, true);
    const headers = talk('POST /v1/predict HTTP/1.1\r\nhost: loc', false);
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    expect(await slow).toContain(' 408 ');
    await Promise.all([half, headers]);
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
  });

  test('a port that is taken is one error', async () => {
    await open();
    const again = listen(app, { host: '127.0.0.1', port: server.port, requestMs: 1000 });
    await expect(again).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining('in use; choose another'),
    });
  });
});
