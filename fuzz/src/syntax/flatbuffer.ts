import { children, type Part, type Syntax } from '../part.ts';

/** What a field of a table holds; `raw` is a table whose fields are numbers, whatever they mean. */
export type FieldType =
  | 'u8'
  | 'i32'
  | 'f32'
  | 'u64'
  | 'text'
  | 'bytes'
  | 'raw'
  | { readonly table: TableType }
  | { readonly list: ListType };

type ListType = 'i32' | 'f32' | { readonly table: TableType };

/** The fields of a table by their numbers in the schema. */
export type TableType = Readonly<Record<number, FieldType>>;

const NUMBERS = {
  u8: {
    size: 1,
    get: (view: DataView, at: number) => view.getUint8(at),
    set: (view: DataView, at: number, value: number) => view.setUint8(at, value),
    values: [0, 1, 2, 3, 17, 127, 255],
  },
  i32: {
    size: 4,
    get: (view: DataView, at: number) => view.getInt32(at, true),
    set: (view: DataView, at: number, value: number) => view.setInt32(at, value, true),
    // The last two are infinity and NaN where the field is a real number.
    values: [0, 1, -1, 2, 3, 64, 65_536, 2 ** 31 - 1, -(2 ** 31), 0x7f800000, 0x7fc00000],
  },
  f32: {
    size: 4,
    get: (view: DataView, at: number) => view.getFloat32(at, true),
    set: (view: DataView, at: number, value: number) => view.setFloat32(at, value, true),
    values: [0, -0, 1, -1, 1e30, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  },
} as const;

type NumberKind = keyof typeof NUMBERS;

const LONGS = [0n, 1n, 64n, 1n << 31n, (1n << 53n) + 1n, (1n << 64n) - 1n];
const TEXTS = ['', 'x', 'NaN', '__proto__', 'constructor', '\u0000', 'x'.repeat(300)];
const BYTES = [
  [],
  [0],
  [255, 255, 255, 255],
  [0, 0, 0, 0],
  [1, 0, 0, 0, 0, 0, 0, 128],
  [0, 0, 192, 127],
];

/** More than any table of a schema has; parts that were renamed to no number are left out. */
const MAX_FIELDS = 40;

/**
 * FlatBuffers (https://flatbuffers.dev/internals) of a schema. What is printed is laid out anew, so that all places in the
 * file are right.
 * @param identifier what stands in the file from its fifth byte on
 */
export function flatBuffer(identifier: string, rootType: TableType): Syntax {
  return {
    parse: (bytes) => new Parser(bytes).table('', 0, rootType),
    print: (root) => new Printer().file(identifier, root),
    values: (kind) => {
      if (isNumber(kind)) return NUMBERS[kind].values.map((value) => ({ kind, value }));
      if (kind === 'u64') return LONGS.map((value) => ({ kind, value }));
      if (kind === 'text') return TEXTS.map((value) => ({ kind, value }));
      if (kind === 'bytes') return BYTES.map((value) => ({ kind, value: Uint8Array.from(value) }));
      return [{ kind, value: [] }];
    },
  };
}

function isNumber(kind: string): kind is NumberKind {
  return kind in NUMBERS;
}

class Parser {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The table that a place in the file points at. */
  table(label: string, position: number, type: TableType | 'raw'): Part {
    const table = this.#target(position);
    const slots = table - this.#view.getInt32(table, true);
    const count = (this.#view.getUint16(slots, true) - 4) / 2;
    const offsets = Array.from({ length: count }, (_, field) =>
      this.#view.getUint16(slots + 4 + 2 * field, true),
    );
    const value: Part[] = [];
    for (const [field, offset] of offsets.entries()) {
      const known = type === 'raw' ? this.#rawType(slots, offset, offsets) : type[field];
      if (offset === 0 || known === undefined) continue;
      value.push(this.#field(String(field), table + offset, known));
    }
    return { label, kind: 'table', value };
  }

  /** A number of as many bytes as lie before the next. */
  #rawType(slots: number, offset: number, offsets: readonly number[]): FieldType {
    const end = this.#view.getUint16(slots + 2, true);
    const next = Math.min(end, ...offsets.filter((other) => other > offset));
    return next - offset < 4 ? 'u8' : 'i32';
  }

  #field(label: string, at: number, type: FieldType): Part {
    if (type === 'raw') return this.table(label, at, type);
    if (type === 'u64') return { label, kind: type, value: this.#view.getBigUint64(at, true) };
    if (type === 'bytes') return { label, kind: type, value: this.#octets(at) };
    if (type === 'text') {
      return { label, kind: type, value: new TextDecoder().decode(this.#octets(at)) };
    }
    if (typeof type === 'string') {
      return { label, kind: type, value: NUMBERS[type].get(this.#view, at) };
    }
    return 'table' in type
      ? this.table(label, at, type.table)
      : { label, kind: 'list', value: this.#entries(label, at, type.list) };
  }

  #entries(label: string, at: number, type: ListType): Part[] {
    const list = this.#target(at);
    return Array.from({ length: this.#view.getUint32(list, true) }, (_, index) =>
      this.#field(`${label}[]`, list + 4 + 4 * index, type),
    );
  }

  #octets(at: number): Uint8Array {
    const list = this.#target(at);
    return this.#bytes.subarray(list + 4, list + 4 + this.#view.getUint32(list, true));
  }

  #target(position: number): number {
    return position + this.#view.getUint32(position, true);
  }
}

/** Writes what points before what it points at, as all places are counted forward. */
class Printer {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;

  file(identifier: string, root: Part): Uint8Array {
    this.#reserve(8);
    this.#bytes.set(Buffer.from(identifier), 4);
    this.#pointed(0, root);
    return this.#bytes.slice(0, this.#end);
  }

  #reserve(size: number): number {
    const start = this.#end;
    this.#end += Math.ceil(size / 4) * 4;
    if (this.#end > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#end);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }

  #pointed(from: number, part: Part): void {
    this.#view.setUint32(from, this.#end - from, true);
    if (part.kind === 'list') this.#list(children(part));
    else if (part.kind === 'table') this.#table(children(part));
    else this.#octets(part.value);
  }

  #octets(value: Part['value']): void {
    const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value));
    const at = this.#reserve(4 + bytes.length);
    this.#view.setUint32(at, bytes.length, true);
    this.#bytes.set(bytes, at + 4);
  }

  #list(entries: readonly Part[]): void {
    const at = this.#reserve(4 + 4 * entries.length);
    this.#view.setUint32(at, entries.length, true);
    for (const [index, entry] of entries.entries()) this.#field(at + 4 + 4 * index, entry);
  }

  #table(parts: readonly Part[]): void {
    const named = parts.map((part) => [Number.parseInt(part.label, 10), part] as const);
    const fields = new Map(named.filter(([field]) => field >= 0 && field < MAX_FIELDS));
    const table = this.#reserve(4 + 8 * fields.size);
    const slotBytes = 4 + 2 * (Math.max(-1, ...fields.keys()) + 1);
    const slots = this.#reserve(slotBytes);
    this.#view.setInt32(table, table - slots, true);
    this.#view.setUint16(slots, slotBytes, true);
    this.#view.setUint16(slots + 2, 4 + 8 * fields.size, true);
    for (const [index, [field, part]] of [...fields].entries()) {
      const offset = 4 + 8 * index;
      this.#view.setUint16(slots + 4 + 2 * field, offset, true);
      this.#field(table + offset, part);
    }
  }

  #field(at: number, { kind, value, label }: Part): void {
    if (isNumber(kind)) NUMBERS[kind].set(this.#view, at, value as number);
    else if (kind === 'u64') this.#view.setBigUint64(at, value as bigint, true);
    else this.#pointed(at, { kind, value, label });
  }
}
