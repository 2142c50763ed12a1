import { createWriteStream } from 'node:fs';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readBoundedText } from '@nnmeter/files';
import { NnMeterError } from '@nnmeter/ir';
import type { Agent, Dispatcher } from 'undici';
import { makeFolder } from './folders.ts';

export interface DownloadOptions {
  /** Told what has arrived, and the size if the server says. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
  /** Milliseconds without a byte after which the server counts as gone. */
  readonly stallMs?: number;
  /** Milliseconds before a first retry; doubled for each further one. */
  readonly retryMs?: number;
  readonly maxBytes?: number;
}

const ATTEMPTS = 4;
const DEFAULTS = { stallMs: 30_000, retryMs: 1_000, maxBytes: 8 * (1 << 30) };

/**
 * Downloads a file over http(s), honouring the proxy variables of the environment. What broke off is continued where
 * it ended if the server still has the same file, also by a later call; the target appears only when it is complete.
 * @throws NnMeterError E_DOWNLOAD with the address and the reason, E_LIMIT
 */
export async function download(
  url: string,
  target: string,
  options: DownloadOptions = {},
): Promise<void> {
  const settings = { ...DEFAULTS, ...options };
  const { stallMs } = settings;
  const agent = await createAgent({
    connect: { timeout: stallMs },
    headersTimeout: stallMs,
    bodyTimeout: stallMs,
  });
  await makeFolder(dirname(target));
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await fetchPart(url, target, agent, settings);
        break;
      } catch (error) {
        if (error instanceof NnMeterError) throw error;
        if (attempt === ATTEMPTS) throw failed(url, reasonOf(error), error);
        await delay(settings.retryMs * 2 ** (attempt - 1));
      }
    }
    await rename(`${target}.part`, target);
    await rm(`${target}.part.json`, { force: true });
  } finally {
    await agent.destroy();
  }
}

async function createAgent(options: Agent.Options): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const hasProxy = Object.entries(process.env).some(([name, value]) => {
    return /^https?_proxy$/i.test(name) && value;
  });
  if (!hasProxy) return new Agent(options);
  return withoutWarning('UNDICI-EHPA', () => new EnvHttpProxyAgent(options));
}

/** Runs `create` without one warning: undici says of its proxy agent that it is experimental, to our users. */
function withoutWarning<T>(code: string, create: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = (...given: unknown[]) => {
    if ((given[1] as { code?: unknown } | undefined)?.code === code) return;
    Reflect.apply(emitWarning, process, given);
  };
  try {
    return create();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Fetches what is missing of `<target>.part`; anything but an NnMeterError is worth another attempt. */
async function fetchPart(
  url: string,
  target: string,
  dispatcher: Dispatcher,
  { onProgress, maxBytes }: DownloadOptions & { readonly maxBytes: number },
): Promise<void> {
  const { fetch } = await import('undici');
  const part = `${target}.part`;
  const had = await resumable(part, url);
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (had !== undefined) {
    headers.range = `bytes=${had.bytes}-`;
    headers['if-range'] = had.validator;
  }
  const response = await fetch(url, { dispatcher, headers });
  const { status, body } = response;
  if (url.startsWith('https:') && !response.url.startsWith('https:')) {
    throw failed(url, `it redirects to the unprotected ${response.url}`);
  }
  if (status === 416) {
    await rm(part, { force: true });
    throw new Error('the server has less of the file than before');
  }
  if (status >= 500 || status === 429) throw new Error(`the server answers ${status}`);
  if ((status !== 200 && status !== 206) || body === null) {
    throw failed(url, `the server answers ${status} ${response.statusText}`);
  }
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  const continues = status === 206 && had !== undefined && Number(range?.[1]) === had.bytes;
  if (status === 206 && !continues) {
    await rm(part, { force: true });
    throw new Error('the server sent another part of the file than asked for');
  }
  const length = response.headers.get('content-length');
  const total = continues ? Number(range![2]) : length === null ? undefined : Number(length);
  let received = continues ? had.bytes : 0;
  const exceeded = () => new NnMeterError('E_LIMIT', `${url} has over ${maxBytes} bytes; refused`);
  if (total !== undefined && total > maxBytes) throw exceeded();
  if (!continues) await remember(part, url, response.headers);
  onProgress?.(received, total);
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      received += chunk.length;
      if (received > maxBytes) throw exceeded();
      onProgress?.(received, total);
      yield chunk;
    }
  }
  const file = createWriteStream(part, { flags: continues ? 'a' : 'w' });
  const closed = new Promise<void>((resolve) => file.once('close', () => resolve()));
  try {
    await pipeline(counted, file);
  } finally {
    // A connection that breaks off at once is reported before the file is open; nothing may be written after that.
    await closed;
  }
  if (total !== undefined && received !== total) {
    throw new Error(`the connection ended after ${received} of ${total} bytes`);
  }
}

/** An address and an ETag. */
const MAX_NOTE_BYTES = 1 << 16;

interface Resumable {
  readonly bytes: number;
  /** ETag or date of the file, for If-Range. */
  readonly validator: string;
}

/** What is left of an earlier attempt at the same address, if the server named the state of the file. */
async function resumable(part: string, url: string): Promise<Resumable | undefined> {
  try {
    const { size } = await stat(part);
    const noted = JSON.parse(await readBoundedText(`${part}.json`, MAX_NOTE_BYTES));
    if (size === 0 || noted.url !== url || typeof noted.validator !== 'string') return undefined;
    return { bytes: size, validator: noted.validator };
  } catch {
    return undefined;
  }
}

async function remember(
  part: string,
  url: string,
  headers: { get(name: string): string | null },
): Promise<void> {
  const etag = headers.get('etag');
  const validator = etag?.startsWith('W/') === false ? etag : headers.get('last-modified');
  await writeFile(`${part}.json`, JSON.stringify({ url, validator }));
}

function failed(url: string, reason: string, cause?: unknown): NnMeterError {
  return new NnMeterError(
    'E_DOWNLOAD',
    `cannot download ${url}: ${reason}; try again, or download it otherwise and import the file`,
    { cause },
  );
}

/** undici says "fetch failed" and keeps the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  return cause.message || ((cause as NodeJS.ErrnoException).code ?? message);
}
