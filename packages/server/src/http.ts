import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { NnMeterError } from '@nnmeter/ir';
import { failureToJson } from '@nnmeter/report';
import { type Context, Hono } from 'hono';
import { BodyReader, RefusedBody } from './body.ts';
import { type Answer, type Call, failed } from './call.ts';
import type { Dispatch } from './dispatcher.ts';
import { isLoopback, refusalOf } from './guard.ts';
import { parametersOfQuery } from './query.ts';
import { statusOf } from './status.ts';

export { createPageApp, type OfferedPath, type PageAppOptions } from './page.ts';
export { isLoopback };

export interface HttpLimits {
  /** Bytes of one body. */
  readonly maxBytes: number;
  /** Bytes of all bodies that are read or worked on. */
  readonly maxHeld: number;
}

export interface HttpAppOptions extends HttpLimits {
  /** What clients have to send; undefined: programs of this machine need none. */
  readonly token?: string | undefined;
}

type Status = 400 | 401 | 403 | 404 | 413 | 500 | 503;

/**
 * The same requests over HTTP: `POST /v1/<method>` with the parameters as JSON, or with the content of a model
 * (`application/octet-stream`) and the parameters in the query; `GET` for those without parameters. A response is the
 * result itself, or `{"error": ...}` with a status of 400 and above.
 */
export function createApp(dispatch: Dispatch, { token, ...limits }: HttpAppOptions): Hono {
  const app = new Hono();
  const bodies = new BodyReader(limits.maxBytes, limits.maxHeld);

  app.use(async (context, next) => {
    const refusal = refusalOf(context.req.raw, token);
    if (refusal === undefined) return next();
    return refuse(context, refusal.error, refusal.status);
  });
  for (const method of ['health', 'schema', 'devices']) {
    app.get(`/v1/${method}`, async (context) => respond(context, await dispatch({ method })));
  }
  app.post('/v1/:method', async (context) => {
    const { raw } = context.req;
    try {
      const call = bodyCall(context.req.param('method'), raw);
      return await bodies.use(raw, async (body) => respond(context, await dispatch(call(body))));
    } catch (error) {
      return refuse(context, error, error instanceof RefusedBody ? error.status : undefined);
    }
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    const hint = 'GET /v1/schema describes all; models go to POST /v1/predict';
    return refuse(
      context,
      new NnMeterError('E_USAGE', `there is no ${method} ${path}`, { hint }),
      404,
    );
  });
  app.onError((error, context) => refuse(context, error, 500));
  return app;
}

/** What to ask once the body is there. @throws NnMeterError E_USAGE */
function bodyCall(method: string, request: Request): (body: Uint8Array) => Call {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/octet-stream') {
    const params = parametersOfQuery(method, new URL(request.url).searchParams);
    return (bytes) => ({ method, params, bytes });
  }
  if (type === 'application/json') {
    return (body) => ({ method, json: new TextDecoder().decode(body) || '{}' });
  }
  throw new NnMeterError('E_USAGE', `the content type is ${type ?? 'missing'}`, {
    hint: 'send application/json, or application/octet-stream for the bytes of a model',
  });
}

/** @param status default: that of the error's code */
function refuse(context: Context, error: unknown, status?: Status): Response {
  // What is left of a body that is not read would be taken for the next request.
  if (status === 413 || status === 503) context.header('connection', 'close');
  return respond(context, failed(failureToJson(error)), status);
}

function respond(context: Context, { json, code }: Answer, status?: Status): Response {
  const headers = { 'content-type': 'application/json' };
  if (code === undefined) return context.body(json, 200, headers);
  if (code === 'E_BUSY') context.header('retry-after', '1');
  return context.body(`{"error":${json}}`, status ?? statusOf(code), headers);
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Time in which a request has to arrive whole, ms. */
  readonly requestMs: number;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no more requests and ends those under way. */
  close(): Promise<void>;
}

/** Connections at a time; those above are closed at once. */
const MAX_CONNECTIONS = 1024;

/** @throws NnMeterError E_USAGE if the address cannot be listened on */
export function listen(app: Hono, { host, port, requestMs }: ListenOptions): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const server = serve({
      fetch: app.fetch,
      hostname: host,
      port,
      overrideGlobalObjects: false,
      serverOptions: {
        requestTimeout: requestMs,
        headersTimeout: Math.min(requestMs, 10_000),
        connectionsCheckingInterval: 500,
      },
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.on('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'it is in use' : cause.message;
      const problem = `cannot listen on port ${port} of ${host}: ${reason}`;
      reject(new NnMeterError('E_USAGE', problem, { hint: 'choose another', cause }));
    });
    server.on('listening', () => {
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          if ('closeAllConnections' in server) server.closeAllConnections();
        });
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}
