import { malformed } from './errors.ts';

/** Standard in browsers and Node; declared here, since the core compiles without either's types. */
declare const TextDecoder: new (
  encoding: string,
  options: { fatal: boolean },
) => { decode(bytes: Uint8Array): string };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Little-endian reads that never go beyond the end: lengths are checked before anything is allocated. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves on and returns where it was. */
  #advance(length: number): number {
    const start = this.offset;
    if (length > this.bytes.length - start) {
      throw malformed(
        `${length} bytes are declared at offset ${start}, ${this.bytes.length - start} are left`,
      );
    }
    this.offset = start + length;
    return start;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** An unsigned 64-bit length; too long ones stay too long as float64. */
  uint64(): number {
    const low = this.uint32();
    return this.uint32() * 2 ** 32 + low;
  }

  /** Big-endian, unlike everything else in a pickle. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const bytes = this.take(length);
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw Object.assign(malformed(`the text before offset ${this.offset} is not UTF-8`), {
        cause,
      });
    }
  }

  /** One character per byte. */
  latin1(length: number): string {
    return latin1FromBytes(this.take(length));
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.offset);
    if (end < 0) throw malformed(`the line at offset ${this.offset} does not end`);
    const line = this.text(end - this.offset);
    this.offset = end + 1;
    return line;
  }

  /** Two's complement integer of any length. */
  integer(length: number): number | bigint {
    const bytes = this.take(length);
    if (length > 1024) throw malformed(`an integer of ${length} bytes`);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    if (length > 0) value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
}

const CHUNK = 8192;

function latin1FromBytes(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return text;
}

/** Inverse of one character per byte; undefined if a character is no byte. */
export function bytesFromLatin1(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  let all = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    all |= code;
    bytes[i] = code;
  }
  return all < 256 ? bytes : undefined;
}
