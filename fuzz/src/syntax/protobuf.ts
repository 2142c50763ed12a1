import { children, type Part, type Syntax } from '../part.ts';

const NUMBERS = [
  0n,
  1n,
  2n,
  3n,
  7n,
  64n,
  127n,
  1n << 31n,
  (1n << 53n) + 1n,
  (1n << 63n) - 1n,
  -1n,
  -(1n << 63n),
];
const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e30,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

const VALUES: Readonly<Record<string, readonly Pick<Part, 'kind' | 'value'>[]>> = {
  varint: NUMBERS.map((value) => ({ kind: 'varint', value })),
  fixed64: FLOATS.map((value) => ({
    kind: 'fixed64',
    value: bytesOf(8, (view) => view.setFloat64(0, value, true)),
  })),
  fixed32: FLOATS.map((value) => ({
    kind: 'fixed32',
    value: bytesOf(4, (view) => view.setFloat32(0, value, true)),
  })),
  text: [
    '',
    'x',
    'NaN',
    '__proto__',
    'constructor',
    '\u0000',
    '/',
    ':0',
    '^x',
    'x'.repeat(300),
  ].map((value) => ({
    kind: 'text',
    value,
  })),
  bytes: [
    [],
    [0],
    [255],
    ...NUMBERS.map((number) => varint(number)),
    ...FLOATS.map((value) => bytesOf(4, (view) => view.setFloat32(0, value, true))),
  ].map((value) => ({ kind: 'bytes', value: Uint8Array.from(value) })),
  message: [{ kind: 'message', value: [] }],
};

/** Protobuf without a schema: bytes that can be read as a message are one, what is printable is text. */
export const protobuf: Syntax = {
  parse: (bytes) => ({ label: '', kind: 'message', value: fields(bytes) ?? [] }),
  print: (root) => Uint8Array.from(content(root)),
  values: (kind) => VALUES[kind]!,
};

const WIRE_TYPES: Readonly<Record<string, number>> = { varint: 0, fixed64: 1, fixed32: 5 };

/** The fields of a message, or undefined where bytes are none. */
function fields(bytes: Uint8Array): Part[] | undefined {
  const found: Part[] = [];
  let position = 0;
  const number = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[position++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return undefined;
  };
  while (position < bytes.length) {
    const tag = number();
    if (tag === undefined || tag < 8n || tag >= 8n * 1000n) return undefined;
    const label = String(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (wireType === 0) {
      const value = number();
      if (value === undefined) return undefined;
      found.push({ label, kind: 'varint', value: BigInt.asIntN(64, value) });
      continue;
    }
    const length =
      wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? Number(number() ?? -1n) : -1;
    if (length < 0 || position + length > bytes.length) return undefined;
    const value = bytes.subarray(position, position + length);
    position += length;
    if (wireType === 2) found.push(delimited(label, value));
    else found.push({ label, kind: wireType === 1 ? 'fixed64' : 'fixed32', value });
  }
  return found;
}

function delimited(label: string, bytes: Uint8Array): Part {
  if (bytes.length > 0 && bytes.every((byte) => byte >= 32 && byte < 127)) {
    return { label, kind: 'text', value: Buffer.from(bytes).toString('latin1') };
  }
  const inner = bytes.length > 0 ? fields(bytes) : undefined;
  return inner === undefined
    ? { label, kind: 'bytes', value: bytes }
    : { label, kind: 'message', value: inner };
}

function content(message: Part): Buffer {
  return Buffer.concat(children(message).flatMap(field));
}

function field(part: Part): Uint8Array[] {
  const wireType = WIRE_TYPES[part.kind] ?? 2;
  // A part that was renamed to no number goes by a field that no format has.
  const tag = Uint8Array.from(
    varint(BigInt(Number.parseInt(part.label, 10) || 999) * 8n + BigInt(wireType)),
  );
  if (part.kind === 'varint') return [tag, Uint8Array.from(varint(part.value as bigint))];
  if (wireType !== 2) return [tag, part.value as Uint8Array];
  const bytes =
    part.kind === 'message'
      ? content(part)
      : typeof part.value === 'string'
        ? Buffer.from(part.value)
        : (part.value as Uint8Array);
  return [tag, Uint8Array.from(varint(BigInt(bytes.length))), bytes];
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

function bytesOf(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
}
