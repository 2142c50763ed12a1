import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { BIN, folderWith, MOBILENET_V2, nnMeter, RESNET18, SMALL_IR } from './run.ts';

let child: ChildProcess;
afterEach(() => {
  child?.kill();
});

/** Starts `nn-meter serve`; `output` are the lines that it writes. */
function start(args: readonly string[], env: Record<string, string> = {}, cwd?: string) {
  child = spawn(process.execPath, [BIN, 'serve', ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(cwd !== undefined && { cwd }),
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async line(): Promise<Record<string, never>> {
      const { value } = await lines.next();
      return JSON.parse(value);
    },
    send(...messages: object[]): void {
      for (const message of messages) child.stdin!.write(`${JSON.stringify(message)}\n`);
    },
    async end(): Promise<number> {
      child.stdin!.end();
      const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
      return code;
    },
  };
}

const CORTEX = ['--predictor', 'cortexa76'];

async function latencyOf(model: unknown): Promise<number> {
  return (await (await loadLatencyPredictor('cortexa76')).predict(model)).latencyMs;
}

test('stdio: one request a line, answered as the library does, until the input ends', async () => {
  const server = start(CORTEX);
  for (const [id, path] of [RESNET18, MOBILENET_V2].entries()) {
    server.send({ id, method: 'predict', params: { path } });
    const expected = [expect.objectContaining({ latencyMs: await latencyOf(path) })];
    expect(await server.line()).toEqual({ id, result: expected });
  }
  server.send({ id: 'last', method: 'predict', params: { object: SMALL_IR } });
  expect(await server.end()).toBe(0);
  expect(await server.line()).toMatchObject({ id: 'last', result: [{ type: 'nnmeter-ir' }] });
});

test('a request that takes too long is one error', async () => {
  const server = start([...CORTEX, '--max-seconds', '0.001', '--threads', '1']);
  const requests = new Array(2000).fill({ method: 'predict', params: { object: SMALL_IR } });
  server.send({ id: 1, method: 'batch', params: { requests } });
  expect(await server.line()).toMatchObject({ id: 1, error: { code: 'E_TIMEOUT' } });
  expect(await server.end()).toBe(0);
});

test('assistants are served by the protocol of the official SDK', async () => {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const args = [BIN, 'serve', '--mcp', ...CORTEX];
  await client.connect(new StdioClientTransport({ command: process.execPath, args }));
  try {
    const params = { name: 'predict', arguments: { path: RESNET18 } };
    expect(await client.callTool(params)).toMatchObject({
      structuredContent: { predictions: [{ latencyMs: await latencyOf(RESNET18) }] },
    });
  } finally {
    await client.close();
  }
});

describe('HTTP', () => {
  const JSON_TYPE = { 'content-type': 'application/json' };

  test('files below the root alone, until a signal comes', async () => {
    const folder = folderWith({ 'small.json': JSON.stringify(SMALL_IR) });
    const server = start(['--http', '--port', '0', '--json', ...CORTEX], {}, folder);
    const { url } = await server.line();
    const ask = async (path: string) => {
      const init = { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ path }) };
      const response = await fetch(`${url}/v1/predict`, init);
      return { status: response.status, body: await response.json() };
    };
    expect(await ask('small.json')).toMatchObject({
      ...{ status: 200, body: [{ model: 'small.json', latencyMs: await latencyOf(SMALL_IR) }] },
    });
    for (const path of [RESNET18, '../', `${folder}/../x`]) {
      expect(await ask(path)).toMatchObject({ status: 404, body: { error: { code: 'E_FILE' } } });
    }
    child.kill('SIGTERM');
    await once(child, 'exit');
    await expect(fetch(`${url}/v1/health`)).rejects.toThrow();
  });

  test('others are let in with a token', async () => {
    const token = 'of-sixteen-or-more';
    const args = ['--http', '--host', '0.0.0.0', '--port', '0', '--json', ...CORTEX];
    const { url } = await start(args, { NNMETER_TOKEN: token }).line();
    const address = `${String(url).replace('0.0.0.0', '127.0.0.1')}/v1/health`;
    expect((await fetch(address)).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(address, { headers })).status).toBe(200);
  });
});

test.each([
  ['another host without a token', ['--http', '--host', '0.0.0.0'], /NNMETER_TOKEN/],
  ['a port without HTTP', ['--port', '80'], /--port needs --http/],
  ['a port that is none', ['--http', '--port', '99999'], /--port needs a whole number/],
  ['both protocols', ['--http', '--mcp'], /exclude each other/],
  ['no seconds', ['--max-seconds', '0'], /--max-seconds needs a number above 0/],
  ['an unknown predictor', ['--predictor', 'cortexa77'], /did you mean cortexA76/],
  ['a model', ['model.onnx'], /one argument too many/],
])('%s is one error', async (_, args, message) => {
  const { code, stderr, stdout } = await nnMeter(['serve', ...args]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
