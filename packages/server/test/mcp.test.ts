import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import { createMcpServer, serveMcp } from '@nnmeter/server/mcp';
import { dispatch, latenciesOf, PREDICTORS, RESNET18 } from './support.ts';

const client = new Client({ name: 'test', version: '1.0.0' });

beforeAll(async () => {
  const [here, there] = InMemoryTransport.createLinkedPair();
  await createMcpServer(dispatch, '2.0.0').connect(there);
  await client.connect(here);
});
afterAll(() => client.close());

interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent?: Record<string, never>;
}

async function call(name: string, input: Record<string, unknown>): Promise<ToolResult> {
  return (await client.callTool({ name, arguments: input })) as unknown as ToolResult;
}

test('the tools say what they take', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual([
    'compare',
    'explain_kernel',
    'list_devices',
    'predict',
  ]);
  for (const { description, inputSchema } of tools) {
    expect(description).toBeTruthy();
    expect(inputSchema.type).toBe('object');
  }
});

test('predict gives the latencies of the library, as data and as the same in text', async () => {
  const { structuredContent, content } = await call('predict', { path: RESNET18 });
  const { predictions } = structuredContent as unknown as { predictions: { latencyMs: number }[] };
  expect(predictions.map(({ latencyMs }) => latencyMs)).toEqual(await latenciesOf(RESNET18));
  expect(JSON.parse(content[0]!.text)).toEqual(structuredContent);
});

test('compare puts models side by side, and says what is wrong with one', async () => {
  const models = [
    { path: RESNET18 },
    { path: 'none.onnx' },
    { name: 'alexnet', type: 'torchvision' },
  ];
  const { structuredContent } = await call('compare', { models });
  const compared = (structuredContent as unknown as { models: Record<string, unknown>[] }).models;
  expect(compared.map(({ model }) => model)).toEqual([RESNET18, 'none.onnx', 'alexnet']);
  expect(compared[1]).toMatchObject({ error: expect.stringContaining('no such file') });
  const latencies = (compared[2]!.devices as { latencyMs: number }[]).map((each) => each.latencyMs);
  expect(latencies).toEqual(await latenciesOf('alexnet', 'torchvision'));
});

test('list_devices and explain_kernel answer', async () => {
  const listed = await call('list_devices', {});
  for (const { name } of PREDICTORS) expect(listed.content[0]!.text).toContain(name);
  const explained = await call('explain_kernel', {
    ...{ path: RESNET18, predictor: 'cortexa76', kernel: 0 },
  });
  expect(explained.structuredContent).toMatchObject({ kernel: { type: 'conv-relu' } });
});

test('an error is the answer of the tool, in words', async () => {
  const { isError, content } = await call('predict', { path: 'none.onnx' });
  expect(isError).toBe(true);
  expect(content[0]!.text).toMatch(/none\.onnx.*check the path \(E_FILE\)/);
});

test('what was asked before the input ended is answered', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const served = serveMcp(dispatch, '2.0.0', input, output);
  const protocolVersion = '2025-06-18';
  const hello = { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const asked = { name: 'predict', arguments: { path: RESNET18 } };
  for (const message of [
    { id: 1, method: 'initialize', params: hello },
    { method: 'notifications/initialized' },
    { id: 2, method: 'tools/call', params: asked },
  ]) {
    input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }
  input.end();
  await served;
  const lines = String(output.read()).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).id)).toEqual([1, 2]);
});
