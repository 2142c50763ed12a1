import { resolve } from 'node:path';
import { type Answer, type Call, createDispatch, type Dispatch } from '@nnmeter/server';
import { BoundedPool } from '@nnmeter/threads';
import { checkPort, type ServeArguments, threadCount, usageError } from '../arguments.ts';
import { type PredictorChoice, predictorChoice } from '../predictors.ts';
import { beforeEnding } from '../signals.ts';
import type { Terminal } from '../terminal.ts';
import { workerScript } from '../worker-script.ts';

/** What a thread of the server is told. */
export interface ServeJob {
  readonly choice: PredictorChoice;
  /** Folder below which requests may name files; undefined: anywhere. */
  readonly root: string | undefined;
}

const DEFAULT_PORT = 7878;
const LOOPBACK = '127.0.0.1';
const DEFAULT_BODY_MB = 64;
/** Bodies that all clients together may send at a time, in bodies of the greatest size. */
const BODIES_HELD = 8;
/** A graph of the largest models that are known needs less than half of it. */
const MEMORY_MIB = 4096;
/** Time for the first thread to load what it needs. */
const START_MS = 60_000;
/** Shorter tokens are guessed. */
const LEAST_TOKEN = 16;

/** Answers requests until the input ends or a signal comes. @returns the exit code */
export async function serve(
  options: ServeArguments,
  version: string,
  terminal: Terminal,
): Promise<number> {
  const limits = limitsOf(options);
  const address = options.http ? addressOf(options) : withoutAddress(options);
  const root = address === undefined ? undefined : resolve(options.root ?? '.');
  const job: ServeJob = { choice: predictorChoice(options), root };
  const pool = new BoundedPool<Call, Answer>(workerScript('serve'), job, {
    threads: threadCount(options.threads),
    waiting: limits.waiting,
    taskMs: limits.seconds * 1000,
    memoryMiB: MEMORY_MIB,
  });
  const engine = {
    answer: (call: Call) => pool.run(call),
    get running() {
      return pool.running;
    },
    get waiting() {
      return pool.waiting;
    },
  };
  const dispatch = createDispatch(engine, version);
  try {
    // Predictors that cannot be loaded are an error now, not in every response.
    await pool.run({ method: 'devices' }, START_MS);
    if (address !== undefined) await serveHttp(dispatch, address, limits, options, terminal);
    else if (options.mcp) {
      const { serveMcp } = await import('@nnmeter/server/mcp');
      await serveMcp(dispatch, version, process.stdin, process.stdout);
    } else {
      const { serveLines } = await import('@nnmeter/server/lines');
      const ahead = limits.waiting;
      await serveLines(dispatch, process.stdin, process.stdout, {
        maxBytes: limits.bytes,
        ahead,
      });
    }
  } finally {
    await pool.close();
  }
  return 0;
}

interface Limits {
  readonly bytes: number;
  readonly waiting: number;
  readonly seconds: number;
}

/** @throws NnMeterError E_USAGE */
function limitsOf(options: ServeArguments): Limits {
  const limit = (
    name: 'max-body' | 'max-waiting' | 'max-seconds',
    fallback: number,
    most: number,
  ): number => {
    const value = options[name] ?? fallback;
    if (value > 0 && value <= most) return value;
    throw usageError(`--${name} needs a number above 0, ${most} at most`);
  };
  return {
    bytes: Math.ceil(limit('max-body', DEFAULT_BODY_MB, 512) * 1e6),
    waiting: Math.ceil(limit('max-waiting', 256, 1e6)),
    seconds: limit('max-seconds', 30, 86_400),
  };
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
}

/** @throws NnMeterError E_USAGE */
function addressOf({ host = LOOPBACK, port = DEFAULT_PORT, mcp }: ServeArguments): Address {
  if (mcp) throw usageError('--mcp and --http exclude each other');
  const { NNMETER_TOKEN: token } = process.env;
  if (token !== undefined && token.length < LEAST_TOKEN) {
    throw usageError(`the token in NNMETER_TOKEN needs ${LEAST_TOKEN} characters or more`);
  }
  return { host, port: checkPort(port), token };
}

/** @throws NnMeterError E_USAGE for what only HTTP has */
function withoutAddress(options: ServeArguments): undefined {
  for (const name of ['port', 'host', 'root'] as const) {
    if (options[name] !== undefined) throw usageError(`--${name} needs --http`);
  }
  return undefined;
}

/** @throws NnMeterError E_USAGE if others could ask, without a token */
async function serveHttp(
  dispatch: Dispatch,
  { host, port, token }: Address,
  { bytes, seconds }: Limits,
  { json }: ServeArguments,
  terminal: Terminal,
): Promise<void> {
  const { createApp, isLoopback, listen } = await import('@nnmeter/server/http');
  if (token === undefined && !isLoopback(host)) {
    throw usageError(
      `--host ${host} lets others ask, who need a token: set NNMETER_TOKEN to a secret, as of openssl rand -hex 16`,
    );
  }
  const app = createApp(dispatch, { token, maxBytes: bytes, maxHeld: bytes * BODIES_HELD });
  const server = await listen(app, { host, port, requestMs: seconds * 1000 });
  const shown = host.includes(':') ? `[${host}]` : host;
  const url = `http://${shown}:${server.port}`;
  if (json) await terminal.print(`${JSON.stringify({ url })}\n`);
  else terminal.note(`nn-meter: answers at ${url}/v1/predict; Ctrl-C ends it`);
  await new Promise<void>((done) => {
    beforeEnding(async () => {
      await server.close();
      done();
    });
  });
}
