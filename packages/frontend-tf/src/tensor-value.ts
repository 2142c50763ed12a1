import { type DataType, elementCount, type Shape } from '@nnmeter/ir';
import type { TensorProto, TensorShapeProto } from './wire-types.ts';

/** TensorFlow's DataType numbers; reference types are these plus 100. */
const DATA_TYPES: Readonly<Record<number, DataType>> = {
  1: 'float32',
  2: 'float64',
  3: 'int32',
  4: 'uint8',
  5: 'int16',
  6: 'int8',
  7: 'string',
  8: 'complex64',
  9: 'int64',
  10: 'bool',
  11: 'int8',
  12: 'uint8',
  13: 'int32',
  14: 'bfloat16',
  17: 'uint16',
  18: 'complex128',
  19: 'float16',
  22: 'uint32',
  23: 'uint64',
};

export function dataTypeOf(number: number | null | undefined): DataType {
  return DATA_TYPES[(number ?? 0) % 100] ?? 'unknown';
}

/** The shape if every dimension is known; unknown dimensions are -1 on the wire. */
export function knownShape(shape: TensorShapeProto | null | undefined): Shape | undefined {
  const dimensions = partialShape(shape);
  return dimensions?.every((extent) => extent >= 0) ? dimensions : undefined;
}

/** The shape with -1 for unknown dimensions; undefined if even the rank is unknown. */
export function partialShape(
  shape: TensorShapeProto | null | undefined,
): readonly number[] | undefined {
  if (shape === null || shape === undefined || shape.unknownRank) return undefined;
  return (shape.dim ?? []).map((dimension) => dimension.size ?? 0);
}

/** Only shape vectors, axes and scalars matter for shapes; anything larger is a weight. */
const MAX_VALUES = 64;

/** Decodes a small constant; undefined for weights and types that hold no numbers. */
export function smallValues(tensor: TensorProto, shape: Shape): readonly number[] | undefined {
  const count = elementCount(shape);
  if (count > MAX_VALUES) return undefined;
  if (count === 0) return [];
  const values = decode(tensor);
  if (values === undefined) return undefined;
  if (values.length === 0) values.push(0);
  while (values.length < count) values.push(values[values.length - 1]!);
  return values.slice(0, count);
}

function decode(tensor: TensorProto): number[] | undefined {
  const type = dataTypeOf(tensor.dtype);
  const content = tensor.tensorContent;
  if (content !== null && content !== undefined && content.length > 0)
    return fromContent(content, type);
  switch (type) {
    case 'float32':
      return fromContent(tensor.floatVal ?? new Uint8Array(0), 'float32');
    case 'float64':
      return fromContent(tensor.doubleVal ?? new Uint8Array(0), 'float64');
    case 'int64':
      return fromVarints(tensor.int64Val);
    case 'bool':
      return fromVarints(tensor.boolVal);
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint8':
    case 'uint16':
      return fromVarints(tensor.intVal);
    default:
      return undefined;
  }
}

function fromContent(bytes: Uint8Array, type: DataType): number[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (size: number, at: (offset: number) => number): number[] => {
    const values: number[] = [];
    for (let offset = 0; offset + size <= bytes.length; offset += size) values.push(at(offset));
    return values;
  };
  switch (type) {
    case 'float32':
      return read(4, (offset) => view.getFloat32(offset, true));
    case 'float64':
      return read(8, (offset) => view.getFloat64(offset, true));
    case 'int32':
      return read(4, (offset) => view.getInt32(offset, true));
    case 'int64':
      return read(8, (offset) => Number(view.getBigInt64(offset, true)));
    case 'int16':
      return read(2, (offset) => view.getInt16(offset, true));
    case 'uint16':
      return read(2, (offset) => view.getUint16(offset, true));
    case 'int8':
      return read(1, (offset) => view.getInt8(offset));
    case 'uint8':
    case 'bool':
      return read(1, (offset) => view.getUint8(offset));
    default:
      return undefined;
  }
}

function fromVarints(bytes: Uint8Array | null | undefined): number[] {
  const values: number[] = [];
  let bits = 0n;
  let shift = 0n;
  for (const byte of bytes ?? []) {
    bits |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128 || shift >= 70n) {
      values.push(Number(BigInt.asIntN(64, bits)));
      bits = 0n;
      shift = 0n;
    }
  }
  return values;
}
