import { open, readdir } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { failureToJson } from '@nnmeter/report';
import { Hono } from 'hono';
import { refusalOf } from './guard.ts';

/** A file of this machine under an address. */
export interface OfferedPath {
  readonly path: string;
  /** Bytes; what is written behind them later is not given. */
  readonly size: number;
}

export interface PageAppOptions {
  /** Its files are what is served; `index.html` stands for the folder. */
  readonly folder: string;
  /** Of every response. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON in place of files of the folder, by address. */
  readonly documents: Readonly<Record<string, unknown>>;
  /** Files elsewhere, by address, given by ranges too. */
  readonly files: ReadonlyMap<string, OfferedPath>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/**
 * A web page for browsers of this machine, with the files that it is told of and nothing else of the disk. Requests from
 * elsewhere, pages of other origins among them, are refused.
 */
export async function createPageApp(options: PageAppOptions): Promise<Hono> {
  const { folder, headers, documents } = options;
  const app = new Hono();
  const own = await listFiles(folder);
  const json = { ...headers, 'content-type': 'application/json' };

  app.use(async ({ req: { raw } }, next) => {
    const refusal = refusalOf(raw, undefined);
    if (refusal === undefined) return next();
    const { status, error } = refusal;
    return new Response(JSON.stringify({ error: failureToJson(error) }), { status, headers: json });
  });
  app.get('*', async ({ req }) => {
    const missing = (): Response => new Response('not found', { status: 404, headers });
    const response = answer(req.path.slice(1) || 'index.html', req.header('range'));
    // What is gone or cannot be read is not there.
    return (await response.catch(missing)) ?? missing();
  });
  return app;

  async function answer(address: string, range: string | undefined): Promise<Response | undefined> {
    if (Object.hasOwn(documents, address)) {
      return new Response(JSON.stringify(documents[address]), {
        headers: { ...json, 'cache-control': 'no-store' },
      });
    }
    const offered = options.files.get(address);
    if (offered !== undefined) return part(offered, range, headers);
    const file = own.get(address);
    if (file === undefined) return undefined;
    return new Response(await streamOf(file), {
      headers: {
        ...headers,
        'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
        'cache-control': 'no-cache',
      },
    });
  }
}

/** By address; what has no ending is a folder. */
async function listFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => extname(name) !== '');
  return new Map(files.map((name) => [name.replaceAll(sep, '/'), join(folder, name)]));
}

/** A range of a file, of which no more than one is given, or all of it. */
async function part(
  { path, size }: OfferedPath,
  range: string | undefined,
  headers: PageAppOptions['headers'],
): Promise<Response> {
  const common = {
    ...headers,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
  };
  if (range === undefined) {
    return new Response(await streamOf(path), {
      headers: { ...common, 'content-length': `${size}` },
    });
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const start = Number(first);
  const end = Math.min(size, last ? Number(last) + 1 : size);
  if (!(start < end)) {
    return new Response(null, {
      status: 416,
      headers: { ...common, 'content-range': `bytes */${size}` },
    });
  }
  return new Response(await streamOf(path, { start, end: end - 1 }), {
    status: 206,
    headers: {
      ...common,
      'content-length': `${end - start}`,
      'content-range': `bytes ${start}-${end - 1}/${size}`,
    },
  });
}

/** Of a file that is there now; one that is not is an error before anything is answered. */
async function streamOf(
  path: string,
  range?: { start: number; end: number },
): Promise<ReadableStream> {
  const file = await open(path);
  return Readable.toWeb(file.createReadStream(range)) as ReadableStream;
}
