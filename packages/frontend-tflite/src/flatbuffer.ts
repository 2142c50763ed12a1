import { NnMeterError } from '@nnmeter/ir';
import type { RandomBytes } from './random-bytes.ts';

/** Entries of lists, and characters: vectors may share their bytes, so that the file's size limits neither. */
const MOST_ENTRIES = 20_000_000;
/** The longest names found in real models have some thousand bytes. */
const STRING_BYTES = 64 * 2 ** 10;

const decoder = new TextDecoder();

/** The place of a list in the file: its first entry, and how many there are. */
export interface Vector {
  readonly start: number;
  readonly length: number;
}

const EMPTY: Vector = { start: 0, length: 0 };

/**
 * Tables and lists of a FlatBuffer (https://flatbuffers.dev/internals). A table is its position; its fields go by their
 * numbers in the schema. Absent fields give the fallback, absent lists are empty, an absent table is 0.
 * Everything throws NnMeterError E_INVALID_INPUT where the file says what cannot be.
 */
export class FlatBuffer {
  readonly bytes: RandomBytes;
  #entries = 0;

  constructor(bytes: RandomBytes) {
    this.bytes = bytes;
  }

  /** The table that everything is in. */
  get root(): number {
    return this.#target(0);
  }

  int8(table: number, field: number, fallback = 0): number {
    const at = this.#field(table, field);
    return at === 0 ? fallback : this.bytes.int8(at);
  }

  uint8(table: number, field: number, fallback = 0): number {
    const at = this.#field(table, field);
    return at === 0 ? fallback : this.bytes.uint8(at);
  }

  int32(table: number, field: number, fallback = 0): number {
    const at = this.#field(table, field);
    return at === 0 ? fallback : this.bytes.int32(at);
  }

  uint32(table: number, field: number, fallback = 0): number {
    const at = this.#field(table, field);
    return at === 0 ? fallback : this.bytes.uint32(at);
  }

  uint64(table: number, field: number, fallback = 0): number {
    const at = this.#field(table, field);
    return at === 0 ? fallback : this.bytes.uint64(at);
  }

  float32(table: number, field: number, fallback = 0): number {
    const at = this.#field(table, field);
    return at === 0 ? fallback : this.bytes.float32(at);
  }

  table(table: number, field: number): number {
    const at = this.#field(table, field);
    return at === 0 ? 0 : this.#target(at);
  }

  /** @param entryBytes the size of an entry; the list is checked to lie in the file */
  vector(table: number, field: number, entryBytes: number): Vector {
    const at = this.#field(table, field);
    if (at === 0) return EMPTY;
    const vector = this.#target(at);
    const length = this.bytes.uint32(vector);
    this.bytes.require(vector + 4, length * entryBytes);
    return { start: vector + 4, length };
  }

  /** A list of tables: where each is. */
  tables(table: number, field: number): number[] {
    const { start, length } = this.vector(table, field, 4);
    this.#count(length);
    const tables = new Array<number>(length);
    for (let index = 0; index < length; index++) tables[index] = this.#target(start + 4 * index);
    return tables;
  }

  /** A list of 32-bit integers. */
  integers(table: number, field: number): number[] {
    const { start, length } = this.vector(table, field, 4);
    this.#count(length);
    const integers = new Array<number>(length);
    for (let index = 0; index < length; index++) {
      integers[index] = this.bytes.int32(start + 4 * index);
    }
    return integers;
  }

  /** Whether a list is there, if an empty one. */
  has(table: number, field: number): boolean {
    return this.#field(table, field) !== 0;
  }

  string(table: number, field: number): string {
    const text = this.vector(table, field, 1);
    if (text.length > STRING_BYTES) throw limit('bytes in a name', STRING_BYTES);
    return decoder.decode(this.octets(text));
  }

  /** Some bytes, for reading only. */
  octets({ start, length }: Vector): Uint8Array {
    this.#count(length);
    return this.bytes.octets(start, length);
  }

  /** Where a field's value is; 0 if it has none. */
  #field(table: number, field: number): number {
    const { bytes } = this;
    const slots = table - bytes.int32(table);
    const slot = 4 + 2 * field;
    if (slot + 2 > bytes.uint16(slots)) return 0;
    const offset = bytes.uint16(slots + slot);
    return offset === 0 ? 0 : table + offset;
  }

  /** What the offset at a position points at; it points forward. */
  #target(position: number): number {
    const target = position + this.bytes.uint32(position);
    this.bytes.require(target, 4);
    return target;
  }

  #count(entries: number): void {
    this.#entries += entries;
    if (this.#entries > MOST_ENTRIES) throw limit('list entries and characters', MOST_ENTRIES);
  }
}

function limit(what: string, most: number): NnMeterError {
  return new NnMeterError(
    'E_LIMIT',
    `the TFLite model holds more than ${most.toLocaleString('en')} ${what}; no real network does, so reading it stops here`,
  );
}
