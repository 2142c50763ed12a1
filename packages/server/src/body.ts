import { NnMeterError } from '@nnmeter/ir';

/** A body that is not read, and the status that says so. */
export class RefusedBody extends NnMeterError {
  readonly status: 400 | 413 | 503;

  constructor(status: 400 | 413 | 503, problem: string, hint: string) {
    super(status === 503 ? 'E_BUSY' : status === 413 ? 'E_LIMIT' : 'E_USAGE', problem, { hint });
    this.status = status;
  }
}

/** Reads the bodies of requests, and keeps account of what all of them together hold in memory. */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #maxHeld: number;
  #held = 0;

  /**
   * @param maxBytes of one body
   * @param maxHeld of all that are read or worked on
   */
  constructor(maxBytes: number, maxHeld: number) {
    this.#maxBytes = maxBytes;
    this.#maxHeld = maxHeld;
  }

  /** Reads a body and works on it, which is when it counts. @throws RefusedBody, and what the work throws */
  async use<T>(request: Request, work: (body: Uint8Array) => Promise<T>): Promise<T> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const add = (bytes: number): void => {
      length += bytes;
      this.#held += bytes;
    };
    try {
      this.#require(Number(request.headers.get('content-length') ?? 0));
      for await (const chunk of chunksOf(request)) {
        this.#require(length + chunk.length, chunk.length);
        add(chunk.length);
        chunks.push(chunk);
      }
      return await work(joined(chunks.splice(0), length));
    } finally {
      add(-length);
    }
  }

  #require(length: number, more = length): void {
    if (length > this.#maxBytes) {
      const problem = `the body has more than ${this.#maxBytes} bytes`;
      throw new RefusedBody(413, problem, 'name the path of the model, or allow more');
    }
    if (this.#held + more > this.#maxHeld) {
      throw new RefusedBody(503, 'too much is sent by all clients together', 'try again later');
    }
  }
}

async function* chunksOf({ body }: Request): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } catch {
    throw new RefusedBody(400, 'the body ends early', 'send all of it');
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
