import { NnMeterError } from '@nnmeter/ir';
import type { ByteSource } from '@nnmeter/model-source';

/** Thrown for bytes of a source that can only be read by waiting, and that are not there yet. */
export class MissingBytes {
  readonly start: number;
  readonly end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}

/** Tables lie close together, constants of interest anywhere. */
const PAGE_BYTES = 4096;
/** A number may begin at the last byte of a page. */
const OVERLAP_BYTES = 8;
/** What is loaded at once where every load is a wait. */
const LOAD_BYTES = 16 * PAGE_BYTES;
/** What may be kept; the tables of a real network take some megabytes. */
const KEPT_BYTES = 256 * 2 ** 20;

const NO_BYTES = new Uint8Array(0);
const NOTHING: DataView = new DataView(NO_BYTES.buffer);

/**
 * Numbers at any position of bytes in memory, of a source that is read at once, or, where `source` is only a size, of what
 * {@link keep} was given. Reads pages, and remembers them.
 */
export class RandomBytes {
  readonly size: number;
  readonly #source: ByteSource | undefined;
  readonly #pages = new Map<number, DataView>();
  #view: DataView = NOTHING;
  /** Position of the view's first byte. */
  #start = 0;

  constructor(source: Uint8Array | ByteSource | { readonly size: number }) {
    if (source instanceof Uint8Array) {
      this.size = source.length;
      this.#view = viewOf(source);
    } else {
      this.size = source.size;
      this.#source = 'read' in source ? source : undefined;
    }
  }

  int8(position: number): number {
    const index = this.#locate(position, 1);
    return this.#view.getInt8(index);
  }

  uint8(position: number): number {
    const index = this.#locate(position, 1);
    return this.#view.getUint8(index);
  }

  int16(position: number): number {
    const index = this.#locate(position, 2);
    return this.#view.getInt16(index, true);
  }

  uint16(position: number): number {
    const index = this.#locate(position, 2);
    return this.#view.getUint16(index, true);
  }

  int32(position: number): number {
    const index = this.#locate(position, 4);
    return this.#view.getInt32(index, true);
  }

  uint32(position: number): number {
    const index = this.#locate(position, 4);
    return this.#view.getUint32(index, true);
  }

  /** Rounded beyond 2^53. */
  int64(position: number): number {
    const index = this.#locate(position, 8);
    return Number(this.#view.getBigInt64(index, true));
  }

  /** Rounded beyond 2^53. */
  uint64(position: number): number {
    const index = this.#locate(position, 8);
    return Number(this.#view.getBigUint64(index, true));
  }

  float32(position: number): number {
    const index = this.#locate(position, 4);
    return this.#view.getFloat32(index, true);
  }

  float64(position: number): number {
    const index = this.#locate(position, 8);
    return this.#view.getFloat64(index, true);
  }

  /** Some bytes, for reading only. */
  octets(position: number, length: number): Uint8Array {
    this.require(position, length);
    if (length === 0) return NO_BYTES;
    const index = this.#locate(position, 1);
    const { buffer, byteOffset, byteLength } = this.#view;
    if (index + length <= byteLength) return new Uint8Array(buffer, byteOffset + index, length);
    return Uint8Array.from({ length }, (_, at) => this.uint8(position + at));
  }

  /** Checks that a range lies in the file. @throws NnMeterError E_INVALID_INPUT */
  require(position: number, length: number): void {
    if (position >= 0 && length >= 0 && position + length <= this.size) return;
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `not a complete TFLite model: ${length} bytes are announced at byte ${position} of ${this.size}`,
      { hint: 'convert or download it again' },
    );
  }

  /** The range to load where bytes are missing: whole pages, and the overlap. */
  rangeOf({ start, end }: MissingBytes): readonly [start: number, end: number] {
    const first = Math.floor(start / PAGE_BYTES) * PAGE_BYTES;
    return [first, Math.min(Math.max(end, first + LOAD_BYTES) + OVERLAP_BYTES, this.size)];
  }

  /** Remembers bytes that begin at a page. */
  keep(start: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
      const isWhole =
        at + PAGE_BYTES + OVERLAP_BYTES <= bytes.length || start + bytes.length >= this.size;
      if (!isWhole) break;
      this.#remember(
        (start + at) / PAGE_BYTES,
        bytes.subarray(at, at + PAGE_BYTES + OVERLAP_BYTES),
      );
    }
  }

  /** Index in the view of `length` bytes at a position; moves the view to them. */
  #locate(position: number, length: number): number {
    const index = position - this.#start;
    if (index >= 0 && index + length <= this.#view.byteLength) return index;
    this.require(position, length);
    const page = Math.floor(position / PAGE_BYTES);
    this.#view = this.#pages.get(page) ?? this.#load(page, position, length);
    this.#start = page * PAGE_BYTES;
    return position - this.#start;
  }

  #load(page: number, position: number, length: number): DataView {
    if (this.#source === undefined) throw new MissingBytes(position, position + length);
    const start = page * PAGE_BYTES;
    const bytes = new Uint8Array(Math.min(PAGE_BYTES + OVERLAP_BYTES, this.size - start));
    if (this.#source.read(start, bytes) < bytes.length) this.require(this.size, length);
    return this.#remember(page, bytes);
  }

  #remember(page: number, bytes: Uint8Array): DataView {
    if (this.#pages.size * PAGE_BYTES >= KEPT_BYTES) {
      throw new NnMeterError(
        'E_LIMIT',
        `the TFLite model spreads over more than ${KEPT_BYTES / 2 ** 20} MB beside its weights; no real network does, so reading it stops here`,
      );
    }
    const view = viewOf(bytes);
    this.#pages.set(page, view);
    return view;
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
