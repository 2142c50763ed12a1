import { NnMeterError } from '@nnmeter/ir';
import protobuf from 'protobufjs/minimal.js';
import type { ByteSource } from './byte-source.ts';
import type { ByteTable } from './byte-table.ts';
import { PAYLOAD_BYTES } from './limits.ts';
import type { NameTable } from './name-table.ts';
import { readUtf8 } from './utf8.ts';

/** Keeps a file of millions of small tensors within memory; payloads beyond it are stepped over too. */
const ALL_PAYLOAD_BYTES = 64 * 2 ** 20;
/** Longest name found in real models is a few hundred bytes. */
const STRING_BYTES = 64 * 2 ** 10;
/** All names together; a million tensors with 100-byte names take 200 MB at most. */
const ALL_STRING_BYTES = 256 * 2 ** 20;
/** Objects made: a million external initializers take four million. About 200 bytes each. */
const MESSAGES = 5_000_000;
/** Fields and list entries read; bounds the lists inside messages. */
const FIELDS = 40_000_000;

const WINDOW_BYTES = 64 * 2 ** 10;
/** Behind weights that were stepped over come the name and the sides of the next ones, which are stepped over too. */
const FIRST_WINDOW_BYTES = 4096;
const TWO_28 = 2 ** 28;
const NOTHING = new Uint8Array(0);

/**
 * protobufjs's reader, typed by what is kept of it: every reading method is replaced, since int64 is `number` here
 * instead of `Long` and positions lie in a file instead of a buffer.
 */
const Reader = protobuf.Reader as unknown as new (
  buffer: Uint8Array,
) => Pick<protobuf.Reader, 'pos' | 'len' | 'discardUnknown' | 'skipType'>;

/**
 * A protobuf reader that never loads weights and has limits on what a file may make it allocate. Over bytes in memory,
 * payloads are views. Over a {@link ByteSource} it moves a small window, so that `pos` may pass 2^32, and large payloads
 * read as empty.
 */
export class LazyReader extends Reader {
  readonly #format: string;
  readonly #source: ByteSource | undefined;
  /** What windows are read into. */
  readonly #buffer: Uint8Array;
  #window: Uint8Array;
  /** Position of the window's first byte. */
  #start = 0;
  /** Bytes of a window: twice as many as of the one before it, few after a jump. */
  #windowBytes = WINDOW_BYTES;
  readonly #texts: NameTable | undefined;
  #messages = 0;
  #fields = 0;
  #stringBytes = 0;
  #payloadBytes = 0;

  /**
   * @param input what to read
   * @param format named in errors, e.g. "ONNX"
   * @param texts where texts that repeat become one object
   */
  constructor(input: Uint8Array | ByteSource, format: string, texts?: NameTable) {
    super(NOTHING);
    this.#format = format;
    this.#texts = texts;
    if (input instanceof Uint8Array) {
      this.#window = input;
      this.#buffer = NOTHING;
      this.len = input.length;
    } else {
      this.#source = input;
      this.#window = NOTHING;
      this.#buffer = new Uint8Array(WINDOW_BYTES);
      this.len = input.size;
    }
    this.discardUnknown = true;
  }

  /** Index in the window of `length` bytes at the current position. */
  #locate(length: number): number {
    if (this.pos + length > this.len) throw truncated(this.pos, length, this.len);
    const index = this.pos - this.#start;
    if (index >= 0 && index + length <= this.#window.length) return index;
    const source = this.#source!;
    const isJump = index < 0 || index > this.#window.length;
    this.#windowBytes = isJump ? FIRST_WINDOW_BYTES : Math.min(2 * this.#windowBytes, WINDOW_BYTES);
    const size = Math.min(Math.max(this.#windowBytes, length), source.size - this.pos);
    const window = size > WINDOW_BYTES ? new Uint8Array(size) : this.#buffer.subarray(0, size);
    const count = source.read(this.pos, window);
    if (count < length) throw new RangeError(`the file ended at byte ${this.pos + count}`);
    this.#window = window.subarray(0, count);
    this.#start = this.pos;
    return 0;
  }

  /** Any varint as a signed 64-bit number, rounded beyond 2^53. */
  #varint(): number {
    const first = this.#window[this.pos - this.#start];
    if (first !== undefined && first < 128 && this.pos < this.len) {
      this.pos++;
      return first;
    }
    let low = 0;
    let middle = 0;
    for (let count = 0; count < 10; count++) {
      const index = this.#locate(1);
      const byte = this.#window[index]!;
      this.pos++;
      const bits = byte & 127;
      if (count < 4) low |= bits << (7 * count);
      else if (count < 8) middle |= bits << (7 * (count - 4));
      else if (count === 8) middle += bits * TWO_28;
      else if (bits & 1) middle -= 2 ** 35;
      if (byte < 128) return low + middle * TWO_28;
    }
    throw new RangeError('a number has more than 10 bytes');
  }

  tag(): number {
    this.#count();
    const tag = this.#varint();
    if (tag < 8 || tag > 0xffffffff) throw new RangeError(`${tag} is not a field tag`);
    return tag;
  }

  /** Length of a message; strings and payloads have their own. */
  size(): number {
    if (++this.#messages > MESSAGES) throw this.#limit('messages', MESSAGES);
    return this.#length();
  }

  #length(): number {
    const length = this.#varint();
    if (length < 0) throw new RangeError(`${length} is not a length`);
    return length;
  }

  #count(): void {
    if (++this.#fields > FIELDS) throw this.#limit('fields', FIELDS);
  }

  bool(): boolean {
    return this.#varint() !== 0;
  }

  uint32(): number {
    return this.#varint() >>> 0;
  }

  int32(): number {
    return this.#varint() | 0;
  }

  int64(): number {
    return this.#varint();
  }

  int64s(values: number[] = []): number[] {
    const end = this.#packedEnd();
    while (this.pos < end) {
      this.#count();
      values.push(this.#varint());
    }
    return values;
  }

  float(): number {
    const index = this.#locate(4);
    this.pos += 4;
    return protobuf.util.float.readFloatLE(this.#window, index);
  }

  floats(values: number[] = []): number[] {
    const end = this.#packedEnd();
    while (this.pos < end) {
      this.#count();
      values.push(this.float());
    }
    return values;
  }

  #packedEnd(): number {
    const length = this.#length();
    const end = this.pos + length;
    if (end > this.len) throw truncated(this.pos, length, this.len);
    return end;
  }

  bytes(): Uint8Array {
    const length = this.#length();
    if (this.pos + length > this.len) throw truncated(this.pos, length, this.len);
    const start = this.pos;
    if (this.#source === undefined) {
      this.pos += length;
      return this.#window.subarray(start, start + length);
    }
    if (length > PAYLOAD_BYTES || this.#payloadBytes + length > ALL_PAYLOAD_BYTES) {
      this.pos += length;
      return NOTHING;
    }
    this.#payloadBytes += length;
    const index = this.#locate(length);
    this.pos += length;
    return this.#window.slice(index, index + length);
  }

  string(): string {
    if (this.#texts !== undefined) return this.#texts.text(this.name(this.#texts));
    const length = this.#stringLength();
    if (length === 0) return '';
    const index = this.#locate(length);
    this.pos += length;
    return readUtf8(this.#window, index, index + length);
  }

  /** Steps over what `bytes` would read. */
  skipPayload(): void {
    this.skip(this.#length());
  }

  /** A string as its number in a table. */
  name(names: NameTable): number {
    const length = this.#stringLength();
    if (length === 0) return 0;
    const index = this.#locate(length);
    this.pos += length;
    return names.add(this.#window, index, index + length);
  }

  /** The next `length` bytes as their number in a table. */
  number(table: ByteTable, length: number): number {
    const index = this.#locate(length);
    this.pos += length;
    return table.add(this.#window, index, index + length);
  }

  /** Fills `target` with the next bytes. */
  copy(target: Uint8Array): void {
    const index = this.#locate(target.length);
    this.pos += target.length;
    target.set(this.#window.subarray(index, index + target.length));
  }

  #stringLength(): number {
    const length = this.#length();
    if (length > STRING_BYTES)
      throw this.#limit(`bytes in a name (at byte ${this.pos})`, STRING_BYTES);
    this.#stringBytes += length;
    if (this.#stringBytes > ALL_STRING_BYTES) throw this.#limit('bytes of names', ALL_STRING_BYTES);
    return length;
  }

  stringVerify(): string {
    return this.string();
  }

  skip(length?: number): this {
    if (length === undefined) this.#varint();
    else if (this.pos + length > this.len) throw truncated(this.pos, length, this.len);
    else this.pos += length;
    return this;
  }

  #limit(what: string, most: number): NnMeterError {
    return new NnMeterError(
      'E_LIMIT',
      `the ${this.#format} file holds more than ${most.toLocaleString('en')} ${what}; no real network does, so reading it stops here`,
    );
  }
}

function truncated(position: number, length: number, end: number): RangeError {
  return new RangeError(
    `${length} bytes are announced at byte ${position}, ${end - position} are left`,
  );
}
