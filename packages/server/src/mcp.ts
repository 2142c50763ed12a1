import { once } from 'node:events';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { ReportJson } from '@nnmeter/report';
import * as z from 'zod';
import type { Answer } from './call.ts';
import type { Dispatch } from './dispatcher.ts';
import { parameters } from './parameters.ts';

/** Kernels of a prediction that an assistant is shown. */
const HEAVIEST = 10;
/** Models of one comparison. */
const MAX_MODELS = 50;

/** Assistants name models; they do not send them. */
const model = z.strictObject(parameters.graph.shape).omit({ base64: true, object: true });
const devices = z.strictObject(parameters.predict.shape).pick({ predictors: true, version: true });

const readOnly = { readOnlyHint: true, openWorldHint: false };

/** A tool's answer: the same as data and as text, or what went wrong. */
interface ToolAnswer {
  [key: string]: unknown;
  content: { type: 'text'; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/** The tools for assistants: predict, compare, list_devices, explain_kernel. */
export function createMcpServer(dispatch: Dispatch, version: string): McpServer {
  const server = new McpServer({ name: 'nn-meter', version });

  async function ask(
    method: string,
    params: Record<string, unknown>,
    shown: (result: never) => Record<string, unknown>,
  ): Promise<ToolAnswer> {
    const { json, code } = await dispatch({ method, params });
    if (code !== undefined) {
      const { message } = JSON.parse(json) as { message: string };
      return { content: [{ type: 'text', text: `${message} (${code})` }], isError: true };
    }
    const structuredContent = shown(JSON.parse(json) as never);
    const text = JSON.stringify(structuredContent);
    return { content: [{ type: 'text', text }], structuredContent };
  }

  server.registerTool(
    'predict',
    {
      title: 'Predict latency',
      description:
        'Milliseconds that one inference of a neural network takes on devices (phone CPU, GPUs, VPU), without the device: for each its 90 % interval, coverage, warnings and heaviest kernels.',
      inputSchema: model.extend(devices.shape),
      annotations: readOnly,
    },
    (params) =>
      ask('predict', params, (reports: readonly ReportJson[]) => ({
        predictions: reports.map(briefly),
      })),
  );
  server.registerTool(
    'compare',
    {
      title: 'Compare models',
      description: 'Latencies (ms) of several models on the same devices, side by side.',
      inputSchema: devices.extend({ models: z.array(model).min(1).max(MAX_MODELS) }),
      annotations: readOnly,
    },
    ({ models, ...onDevices }) => {
      const requests = models.map((each) => ({
        method: 'predict',
        params: { ...each, ...onDevices },
      }));
      return ask('batch', { requests }, (results: readonly BatchResult[]) => ({
        models: results.map((result, index) => {
          const { path, name } = models[index]!;
          if ('error' in result) return { model: path ?? name, error: result.error.message };
          return { model: path ?? name, devices: result.result.map(latencyOf) };
        }),
      }));
    },
  );
  server.registerTool(
    'list_devices',
    {
      title: 'List devices',
      description: 'The devices that latencies can be predicted for, and how accurate that is.',
      inputSchema: z.strictObject({}),
      annotations: readOnly,
    },
    () => ask('devices', {}, (found: readonly object[]) => ({ devices: found })),
  );
  server.registerTool(
    'explain_kernel',
    {
      title: 'Explain a kernel',
      description:
        'One kernel of a model on a device: which nodes run as one and why, its time and its share of the model.',
      inputSchema: model.extend(
        z
          .strictObject(parameters.explain.shape)
          .pick({ predictor: true, version: true, node: true, kernel: true }).shape,
      ),
      annotations: readOnly,
    },
    (params) => ask('explain', params, (explanation: object) => ({ ...explanation })),
  );
  return server;
}

type BatchResult =
  | { readonly result: readonly ReportJson[] }
  | { readonly error: { readonly message: string } };

function latencyOf({ predictor, latencyMs, interval, complete }: ReportJson) {
  return { predictor, latencyMs, interval, complete };
}

function briefly({ kernels, ...report }: ReportJson) {
  const heaviest = kernels
    .map((kernel, index) => ({ index, ...kernel }))
    .sort((a, b) => b.latencyMs - a.latencyMs)
    .slice(0, HEAVIEST);
  return { ...report, kernelCount: kernels.length, heaviestKernels: heaviest };
}

/** Serves the tools until the input has ended and all is answered. */
export async function serveMcp(
  dispatch: Dispatch,
  version: string,
  input: Readable,
  output: Writable,
): Promise<void> {
  const open = new Set<Promise<Answer>>();
  const counted: Dispatch = (call) => {
    const answer = dispatch(call).finally(() => open.delete(answer));
    open.add(answer);
    return answer;
  };
  const ended = once(input, 'end');
  // The transport drops what is still to be answered when its input ends.
  const held = new PassThrough();
  input.pipe(held, { end: false });
  const transport = new StdioServerTransport(held, output);
  const server = serveStdio(() => createMcpServer(counted, version), { transport });
  await ended;
  // What was read last is asked, and its answer written, in turns of their own.
  do await nextTurn();
  while ((await Promise.all(open)).length > 0);
  await nextTurn();
  await server.close();
}
