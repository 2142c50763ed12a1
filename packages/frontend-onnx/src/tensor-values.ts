import { mostElements } from '@nnmeter/constants';
import { bytesPerElement, type DataType } from '@nnmeter/ir';
import { LazyReader } from '@nnmeter/model-source/protobuf';
import { dataTypeOf } from './data-types.ts';
import { type Int64, type TensorProto, toNumber } from './model.ts';

/** TensorProto.DataLocation of values that lie in another file. */
export const EXTERNAL = 1;

/** How to read one element of little-endian data at a byte offset. */
const ELEMENT: Partial<Record<DataType, (view: DataView, at: number) => number>> = {
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
  float16: (view, at) => float16(view.getUint16(at, true)),
  bfloat16: (view, at) => bfloat16(view.getUint16(at, true)),
  int64: (view, at) => Number(view.getBigInt64(at, true)),
  uint64: (view, at) => Number(view.getBigUint64(at, true)),
  int32: (view, at) => view.getInt32(at, true),
  uint32: (view, at) => view.getUint32(at, true),
  int16: (view, at) => view.getInt16(at, true),
  uint16: (view, at) => view.getUint16(at, true),
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  bool: (view, at) => Math.min(view.getUint8(at), 1),
};

/**
 * Values of a small tensor stored in the model itself; undefined if it is larger than {@link mostElements}, of a type
 * without numbers, stored elsewhere, or if its data do not have the length its dims announce.
 */
export function tensorValues(tensor: TensorProto, count: number): readonly number[] | undefined {
  if (count > mostElements) return undefined;
  if (count === 0) return [];
  const dataType = dataTypeOf(tensor.dataType);
  const raw = tensor.rawData;
  if (raw != null && raw.length > 0) return decodeElements(raw, dataType, count);
  const values = typedField(tensor, dataType);
  return values?.length === count ? values : undefined;
}

/** Values of little-endian packed elements, the form of `raw_data` and of external data. */
export function decodeElements(
  bytes: Uint8Array,
  dataType: DataType,
  count: number,
): readonly number[] | undefined {
  const read = ELEMENT[dataType];
  const size = bytesPerElement(dataType);
  if (read === undefined || bytes.length !== count * size) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, index) => read(view, index * size));
}

function typedField(tensor: TensorProto, dataType: DataType): number[] | undefined {
  switch (dataType) {
    case 'float32':
      return fixedField(tensor.floatData, 'float32');
    case 'float64':
      return fixedField(tensor.doubleData, 'float64');
    case 'int64':
      return varintField(tensor.int64Data);
    case 'uint32':
    case 'uint64':
      return varintField(tensor.uint64Data);
    case 'float16':
      return varintField(tensor.int32Data)?.map(float16);
    case 'bfloat16':
      return varintField(tensor.int32Data)?.map(bfloat16);
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint16':
    case 'uint8':
    case 'bool':
      return varintField(tensor.int32Data);
    default:
      return undefined;
  }
}

function fixedField(
  field: Uint8Array | readonly number[] | null | undefined,
  dataType: 'float32' | 'float64',
): number[] | undefined {
  if (!(field instanceof Uint8Array)) return field == null ? undefined : [...field];
  return decodeElements(field, dataType, field.length / bytesPerElement(dataType))?.slice();
}

function varintField(
  field: Uint8Array | readonly Int64[] | null | undefined,
): number[] | undefined {
  if (!(field instanceof Uint8Array)) return field?.map(toNumber);
  const reader = new LazyReader(field, 'ONNX');
  const values: number[] = [];
  try {
    while (reader.pos < reader.len) values.push(reader.int64());
  } catch {
    return undefined;
  }
  return values;
}

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function bfloat16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}
