import { NnMeterError } from '@nnmeter/ir';
import type { ByteSource } from './byte-source.ts';
import { PAYLOAD_BYTES } from './limits.ts';
import type { ModelSource } from './model-source.ts';

/**
 * The fields of a protobuf message that its reader looks at, by number: messages by their own fields, texts and lists of
 * numbers as "value". All else may be a payload: it is left out if it is long.
 */
export interface MessageFields {
  readonly [field: number]: MessageFields | 'value';
}

/** What is read at once. */
const WINDOW_BYTES = 64 * 2 ** 10;
/** A tag and a length, each of ten bytes at most. */
const FIELD_HEAD_BYTES = 20;
/** What may be kept; the graph of a real network takes some megabytes. */
const KEPT_BYTES = 256 * 2 ** 20;

/**
 * What a protobuf reader can read at once: the source itself if that can, else a copy of a message without its weights,
 * made by stepping over its fields.
 * @throws NnMeterError E_LIMIT if over 256 MB are left without weights.
 */
export async function protobufBytes(
  source: ModelSource,
  fields: MessageFields,
): Promise<Uint8Array | ByteSource> {
  return source.direct ?? new SparseCopy(source).take(fields);
}

interface Chunk {
  readonly start: number;
  readonly bytes: Uint8Array;
}

interface OpenMessage {
  readonly fields: MessageFields;
  readonly end: number;
}

class SparseCopy {
  readonly #source: ModelSource;
  readonly #chunks: Chunk[] = [];
  #window: Uint8Array = new Uint8Array(0);
  /** Positions of the window's first byte, of the next byte to look at, and of the first not yet copied or left out. */
  #windowStart = 0;
  #position = 0;
  #keptUntil = 0;
  #keptBytes = 0;

  constructor(source: ModelSource) {
    this.#source = source;
  }

  async take(fields: MessageFields): Promise<ByteSource> {
    const { size } = this.#source;
    const open: OpenMessage[] = [{ fields, end: size }];
    while (this.#position < size) {
      while (open.length > 1 && open.at(-1)!.end <= this.#position) open.pop();
      const needed = Math.min(this.#position + FIELD_HEAD_BYTES, size);
      if (needed > this.#windowEnd) await this.#load();
      if (!this.#step(open)) break;
    }
    // What is damaged is kept too, for its reader to find.
    await this.#copyTo(this.#position < size ? this.#windowEnd : size);
    return sparseSource(size, this.#chunks);
  }

  get #windowEnd(): number {
    return this.#windowStart + this.#window.length;
  }

  /** Moves the window to the position; what is kept before it is copied. */
  async #load(): Promise<void> {
    await this.#copyTo(this.#position);
    await this.#read(this.#position);
  }

  async #copyTo(end: number): Promise<void> {
    while (this.#keptUntil < end) {
      this.#keep(Math.min(end, this.#windowEnd));
      if (this.#keptUntil < end) await this.#read(this.#keptUntil);
    }
  }

  async #read(start: number): Promise<void> {
    this.#window = await this.#source.slice(start, start + WINDOW_BYTES);
    this.#windowStart = start;
    if (this.#window.length === 0) throw new RangeError(`the file ended at byte ${start}`);
  }

  /** Copies what is not yet copied of the window up to `end`. */
  #keep(end: number): void {
    const start = this.#keptUntil;
    if (end <= start) return;
    this.#keptBytes += end - start;
    if (this.#keptBytes > KEPT_BYTES) {
      throw new NnMeterError(
        'E_LIMIT',
        `the file holds more than ${KEPT_BYTES / 2 ** 20} MB beside its weights; no real network does, so reading it stops here`,
      );
    }
    const from = start - this.#windowStart;
    this.#chunks.push({ start, bytes: this.#window.slice(from, from + end - start) });
    this.#keptUntil = end;
  }

  /** Goes to the next field, in a message or behind it; false where the file is damaged, which its reader will find. */
  #step(open: OpenMessage[]): boolean {
    const tag = this.#varint();
    const { fields } = open.at(-1)!;
    switch (tag % 8) {
      case 0:
        return this.#varint() >= 0;
      case 1:
        this.#position += 8;
        return true;
      case 2: {
        const length = this.#varint();
        if (length < 0 || this.#position + length > this.#source.size) return false;
        const field = fields[Math.floor(tag / 8)];
        if (typeof field === 'object') open.push({ fields: field, end: this.#position + length });
        else if (field === 'value' || length <= PAYLOAD_BYTES) this.#position += length;
        else this.#leaveOut(length);
        return true;
      }
      case 5:
        this.#position += 4;
        return true;
      default:
        return false;
    }
  }

  #leaveOut(length: number): void {
    this.#keep(this.#position);
    this.#position += length;
    this.#keptUntil = this.#position;
  }

  /** -1 if it is none. */
  #varint(): number {
    let value = 0;
    for (let count = 0, scale = 1; count < 10; count++, scale *= 128) {
      const byte = this.#window[this.#position - this.#windowStart];
      if (byte === undefined) return -1;
      this.#position++;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return -1;
  }
}

function sparseSource(size: number, chunks: readonly Chunk[]): ByteSource {
  /** Index of the last chunk that starts at or before a position. */
  const find = (position: number): number => {
    let [low, high] = [0, chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (chunks[middle]!.start <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  return {
    size,
    read(position, target) {
      let filled = 0;
      for (let index = find(position); filled < target.length; index++) {
        const chunk = chunks[index];
        const from = position + filled - (chunk?.start ?? 0);
        if (chunk === undefined || from < 0 || from >= chunk.bytes.length) break;
        const part = chunk.bytes.subarray(from, from + target.length - filled);
        target.set(part, filled);
        filled += part.length;
      }
      return filled;
    },
  };
}
