import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { isJsonObject, NnMeterError } from '@nnmeter/ir';
import { failureToJson } from '@nnmeter/report';
import { type Answer, failed } from './call.ts';
import type { Dispatch } from './dispatcher.ts';
import { parseJson } from './parse-json.ts';

export interface LineOptions {
  /** Bytes of the longest line that is read. */
  readonly maxBytes: number;
  /** Requests that are read before the first of them has its response. */
  readonly ahead: number;
}

/**
 * Answers requests that come as JSON lines (`{"id": 1, "method": "predict", "params": {...}}`) with lines
 * (`{"id": 1, "result": ...}` or `{"id": 1, "error": {...}}`), each as soon as it is known. Resolves when the input has
 * ended and everything is answered.
 */
export async function serveLines(
  dispatch: Dispatch,
  input: Readable,
  output: Writable,
  { maxBytes, ahead }: LineOptions,
): Promise<void> {
  const open = new Set<Promise<void>>();
  /** What all wait for together while the reader of the output is behind. */
  let drained: Promise<unknown> | undefined;
  async function write(id: unknown, { json, code }: Answer): Promise<void> {
    const field = code === undefined ? 'result' : 'error';
    const line = `{"id":${JSON.stringify(id)},"${field}":${json}}\n`;
    if (output.write(line)) return;
    drained ??= once(output, 'drain').finally(() => {
      drained = undefined;
    });
    await drained;
  }
  async function answer(line: string | undefined): Promise<void> {
    let id: unknown = null;
    try {
      const request = line === undefined ? tooLong(maxBytes) : parseRequest(line);
      id = request.id ?? null;
      const json = request.params === undefined ? '{}' : JSON.stringify(request.params);
      await write(id, await dispatch({ method: request.method as string, json }));
    } catch (error) {
      await write(id, failed(failureToJson(error)));
    }
  }
  for await (const line of splitLines(input, maxBytes)) {
    if (line === '') continue;
    const answered: Promise<void> = answer(line).finally(() => open.delete(answered));
    open.add(answered);
    while (open.size >= ahead) await Promise.race(open);
  }
  await Promise.all(open);
}

interface LineRequest {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

/** @throws NnMeterError E_USAGE */
function parseRequest(line: string): LineRequest {
  const request = parseJson(line);
  if (isJsonObject(request)) return request;
  throw new NnMeterError('E_USAGE', 'a request is an object', {
    hint: 'write {"id": 1, "method": "predict", "params": {"path": "model.onnx"}}',
  });
}

function tooLong(maxBytes: number): never {
  throw new NnMeterError('E_LIMIT', `a line has more than ${maxBytes} bytes`, {
    hint: 'name the path of the model',
  });
}

const NEWLINE = 0x0a;

/** Lines of UTF-8, without what ends them and the spaces around; undefined for one that is too long, which is not kept. */
async function* splitLines(input: Readable, maxBytes: number): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = (): string | undefined => {
    const line = length > maxBytes ? undefined : Buffer.concat(parts).toString('utf8').trim();
    parts = [];
    length = 0;
    return line;
  };
  const keep = (part: Buffer): void => {
    length += part.length;
    if (length > maxBytes) parts = [];
    else parts.push(part);
  };
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
  if (length > 0) yield take();
}
