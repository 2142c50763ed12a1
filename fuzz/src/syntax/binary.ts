import { children, type Part, type Scalar, type Syntax } from '../part.ts';

/** Little-endian numbers by kind, and how many bytes they take. */
const NUMBERS = {
  u8: [1, 'Uint8'],
  u16: [2, 'Uint16'],
  u32: [4, 'Uint32'],
  f32: [4, 'Float32'],
  f64: [8, 'Float64'],
} as const;

export type NumberKind = keyof typeof NUMBERS;

const INTEGERS = [0, 1, 2, 127, 255, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const REALS = [
  0,
  -0,
  1,
  -1,
  1e-300,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

function isNumber(kind: string): kind is NumberKind {
  return kind in NUMBERS;
}

/** Takes parts off bytes one after another. */
export class Cutter {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  number(kind: NumberKind, label: string = kind): Part {
    const [size, type] = NUMBERS[kind];
    const bytes = this.bytes(size, label).value as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return { label, kind, value: view[`get${type}`](0, true) };
  }

  numbers(count: number, kind: NumberKind, label?: string): Part[] {
    return Array.from({ length: count }, () => this.number(kind, label));
  }

  bytes(length: number, label: string): Part {
    const start = this.#position;
    this.#position += length;
    return { label, kind: 'bytes', value: this.#bytes.subarray(start, this.#position) };
  }
}

/** Files of numbers and bytes at fixed places; `parse` says where, `seal` puts checksums in order. */
export function binary(
  parse: (bytes: Uint8Array) => readonly Part[],
  seal: (bytes: Buffer) => Uint8Array = (bytes) => bytes,
): Syntax {
  return {
    parse: (bytes) => ({ label: '', kind: 'parts', value: parse(bytes) }),
    print: (root) => seal(Buffer.concat(leaves(root).map(print))),
    values: (kind) => {
      if (!isNumber(kind)) return [{ kind: 'bytes', value: new Uint8Array(0) }];
      return (kind.startsWith('f') ? REALS : INTEGERS).map((value) => ({ kind, value }));
    },
  };
}

function leaves(part: Part): readonly Part[] {
  return Array.isArray(part.value) ? children(part).flatMap(leaves) : [part];
}

function print({ kind, value }: Part): Uint8Array {
  return isNumber(kind) ? printNumber(kind, value) : (value as Uint8Array);
}

function printNumber(kind: NumberKind, value: Scalar | readonly Part[]): Uint8Array {
  const [size, type] = NUMBERS[kind];
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer)[`set${type}`](0, value as number, true);
  return bytes;
}
