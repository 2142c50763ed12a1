import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { median, round } from './measure.ts';
import { ServeProgram } from './serve-program.ts';

type Row = Record<string, string | number>;

/** What hostile clients do, in turn. */
const HOSTILE = ['oversized', 'truncated', 'slow'] as const;

const MAX_BODY_MB = 2;
const MAX_SECONDS = 5;

/**
 * `nn-meter serve --http` under load: so many clients at once, each sending one request after the other, of which one in a
 * hundred is hostile: a body beyond the limit, one that breaks off, one that comes a byte at a time.
 */
export async function serveLoad(clients: number, requests: number): Promise<Row[]> {
  const limits = ['--max-body', String(MAX_BODY_MB), '--max-seconds', String(MAX_SECONDS)];
  const server = new ServeProgram(['--http', '--port', '0', '--json', ...limits]);
  try {
    const { port } = new URL(JSON.parse(await server.line()).url);
    const load = new Load(Number(port));
    await load.good();
    const before = server.memory().now;
    load.reset();
    const start = performance.now();
    let next = 0;
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (next < requests) {
          const index = next++;
          if (index % 100 === 99) await load.hostile(HOSTILE[Math.floor(index / 100) % 3]!);
          else await load.good();
        }
      }),
    );
    const seconds = (performance.now() - start) / 1000;
    const { most } = server.memory();
    return [
      {
        clients,
        'good requests': load.times.length,
        'of them failed': load.failures,
        hostile: [...load.hostileAnswers.values()].reduce((sum, each) => sum + each, 0),
        'a second': round(requests / seconds),
        'median ms': round(median(load.times)),
        '99 % ms': round(
          [...load.times].sort((a, b) => a - b)[Math.floor(load.times.length * 0.99)]!,
        ),
        'MiB before': round(before),
        'MiB at most': round(most),
      },
      Object.fromEntries([...load.hostileAnswers].sort()),
    ];
  } finally {
    await server.end();
  }
}

class Load {
  readonly times: number[] = [];
  failures = 0;
  /** What became of hostile requests, with how many. */
  readonly hostileAnswers = new Map<string, number>();
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #model = readFileSync(new URL('../../fixtures/onnx/mobilenet_v2.onnx', import.meta.url));

  constructor(port: number) {
    this.#port = port;
  }

  reset(): void {
    this.times.length = 0;
    this.failures = 0;
  }

  /** The bytes of a model, with the right answer expected. */
  async good(): Promise<void> {
    const start = performance.now();
    const answer = await this.#post(this.#model).catch(() => undefined);
    this.times.push(performance.now() - start);
    const isRight = answer?.status === 200 && answer.text.includes('"latencyMs":');
    if (!isRight) this.failures++;
  }

  async hostile(kind: (typeof HOSTILE)[number]): Promise<void> {
    const became = await (kind === 'oversized' ? this.#oversized() : this.#raw(kind));
    const what = `${kind}: ${became}`;
    this.hostileAnswers.set(what, (this.hostileAnswers.get(what) ?? 0) + 1);
  }

  async #oversized(): Promise<string> {
    const body = new Uint8Array(MAX_BODY_MB * 2e6);
    const answer = await this.#post(body).catch((error: Error) => error);
    // A server that does not read on may close before the client has sent all.
    return answer instanceof Error ? 'connection closed' : String(answer.status);
  }

  #post(body: Uint8Array): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: this.#port,
          path: '/v1/predict',
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': 'application/octet-stream', 'content-length': body.length },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part) => {
            text += part;
          });
          response.on('end', () => resolve({ status: response.statusCode!, text }));
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  /** A request that breaks off after half of its body, or comes a byte every 200 ms. */
  #raw(kind: 'truncated' | 'slow'): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1');
      const head = `POST /v1/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`;
      socket.write(head);
      let answer = '';
      const drip = setInterval(() => socket.write(' '), 200);
      if (kind === 'truncated') {
        clearInterval(drip);
        socket.end('{"path": ');
      }
      socket.on('data', (part) => {
        answer += part;
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        clearInterval(drip);
        resolve(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'connection closed');
      });
    });
  }
}
