import { bytesFromLatin1 } from './byte-reader.ts';
import { malformed, unsupported } from './errors.ts';
import { PickleObject, type PickleValue } from './values.ts';

/** A plain number type: `i4`, `f8`, ... */
interface NumberType {
  kind: 'i' | 'u' | 'f' | 'b';
  size: number;
  littleEndian: boolean;
}

/** A dtype: numbers, or records of named numbers. */
interface DataType {
  itemSize: number;
  number: NumberType | undefined;
  fields: Map<string, { type: NumberType; offset: number }>;
}

/** A NumPy array's bytes, as pickled. */
export interface NumericArray {
  shape: number[];
  isFortran: boolean;
  type: DataType;
  bytes: Uint8Array;
}

/**
 * Recognizes an array in the forms of protocols 2 to 5.
 * @throws NnMeterError E_WEIGHTS if it is something else, or its bytes do not fit its shape
 */
export function toArray(value: PickleValue | undefined, what: string): NumericArray {
  if (!(value instanceof PickleObject)) throw malformed(`${what} is no NumPy array`);
  const name = value.callable.name;
  let parts: (PickleValue | undefined)[];
  if (name === '_reconstruct' && Array.isArray(value.state)) {
    const [, shape, type, isFortran, data] = value.state; // The first entry is a version.
    parts = [data, type, shape, isFortran];
  } else if (name === '_frombuffer') {
    const [data, type, shape, order] = value.args;
    parts = [data, type, shape, order === 'F'];
  } else {
    throw malformed(`${what} is a ${value.callable.path}, not a NumPy array`);
  }
  const [data, dtype, shape, isFortran] = parts;
  const type = toDataType(dtype, what);
  const bytes = toBytes(data);
  if (!bytes) throw unsupported(`${what} holds no plain numbers`);
  if (!Array.isArray(shape)) throw malformed(`${what} has no shape`);
  const sizes = shape.map((size) => toCount(size, `the shape of ${what}`));
  const expected = sizes.reduce((product, size) => product * size, type.itemSize);
  if (bytes.length !== expected) {
    throw malformed(`${what} has ${bytes.length} bytes, its shape needs ${expected}`);
  }
  return { shape: sizes, isFortran: isFortran === true, type, bytes };
}

/** A one-dimensional array of records: one field of all of them. */
export function readField(array: NumericArray, name: string, what: string): Float64Array {
  const field = array.type.fields.get(name);
  if (!field || array.shape.length !== 1) throw malformed(`${what} lacks the field ${name}`);
  return readNumbers(array.bytes, field.type, field.offset, array.type.itemSize, array.shape[0]!);
}

/** The entries [i, 0, 0, ...] along the first axis. */
export function readFirstAxis(array: NumericArray, what: string): Float64Array {
  const { shape, type, isFortran, bytes } = array;
  if (!type.number || shape.length === 0) throw malformed(`${what} is no array of numbers`);
  const rest = shape.slice(1).reduce((product, size) => product * size, 1);
  const stride = isFortran ? type.itemSize : rest * type.itemSize;
  return readNumbers(bytes, type.number, 0, stride, rest === 0 ? 0 : shape[0]!);
}

/** A count, given as Python integer or NumPy scalar. */
export function toCount(value: PickleValue | undefined, what: string): number {
  let count = value;
  if (value instanceof PickleObject && value.callable.name === 'scalar') {
    const type = toDataType(value.args[0], what);
    const bytes = toBytes(value.args[1]);
    if (!type.number || bytes?.length !== type.itemSize) throw malformed(`${what} is no number`);
    count = readNumbers(bytes, type.number, 0, type.itemSize, 1)[0];
  }
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0) {
    throw malformed(`${what} is no count`);
  }
  return count;
}

function toDataType(value: PickleValue | undefined, what: string): DataType {
  if (!(value instanceof PickleObject) || value.callable.path !== 'numpy.dtype') {
    throw malformed(`${what} has no dtype`);
  }
  const code = value.args[0];
  const match = typeof code === 'string' ? /^([iufbV])(\d{1,9})$/.exec(code) : null;
  const state = Array.isArray(value.state) ? value.state : [];
  if (!match) throw unsupported(`${what} has dtype ${typeof code === 'string' ? code : '?'}`);
  const kind = match[1]!;
  const itemSize = Number(match[2]);
  if (kind !== 'V') {
    const littleEndian = state[1] !== '>';
    const number = { kind: kind as NumberType['kind'], size: itemSize, littleEndian };
    return { itemSize, number, fields: new Map() };
  }
  const fields: DataType['fields'] = new Map();
  if (!(state[4] instanceof Map)) throw malformed(`${what} has a record dtype without fields`);
  for (const [name, field] of state[4]) {
    const [inner, offset] = Array.isArray(field) ? field : [];
    // Fields of fields, as of no tree, are refused by the pattern of number codes.
    const type = innerNumber(inner, what);
    if (typeof name !== 'string' || !isOffset(offset)) {
      throw malformed(`${what} has a broken record dtype`);
    }
    if (offset + type.size > itemSize) throw malformed(`${what}: ${name} exceeds its record`);
    fields.set(name, { type, offset });
  }
  return { itemSize, number: undefined, fields };
}

function isOffset(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function innerNumber(value: PickleValue | undefined, what: string): NumberType {
  const code = value instanceof PickleObject ? value.args[0] : undefined;
  if (typeof code !== 'string' || code.startsWith('V'))
    throw unsupported(`${what} has nested records`);
  return toDataType(value, what).number!;
}

function toBytes(value: PickleValue | undefined): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return bytesFromLatin1(value);
  // Protocol 2 has no bytes: Python 3 writes _codecs.encode(text, 'latin1').
  const isEncoded = value instanceof PickleObject && value.callable.path === '_codecs.encode';
  if (isEncoded && typeof value.args[0] === 'string') return bytesFromLatin1(value.args[0]);
  return undefined;
}

function readNumbers(
  bytes: Uint8Array,
  { kind, size, littleEndian }: NumberType,
  offset: number,
  stride: number,
  count: number,
): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[`${kind}${size}`];
  if (!read) throw unsupported(`numbers of type ${kind}${size}`);
  const out = new Float64Array(count);
  for (let i = 0, at = offset; i < count; i++, at += stride) out[i] = read(view, at, littleEndian);
  return out;
}

type ReadNumber = (view: DataView, at: number, littleEndian: boolean) => number;

const READERS: Readonly<Record<string, ReadNumber>> = {
  b1: (view, at) => view.getUint8(at),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) =>
    view.getUint32(at + (little ? 4 : 0), little) * 2 ** 32 +
    view.getUint32(at + (little ? 0 : 4), little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) =>
    view.getInt32(at + (little ? 4 : 0), little) * 2 ** 32 +
    view.getUint32(at + (little ? 0 : 4), little),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};
