import { type DataType, NnMeterError } from '@nnmeter/ir';

type Setter = (view: DataView, offset: number, value: number) => void;

function integer(value: number): bigint {
  if (Number.isFinite(value)) return BigInt(Math.trunc(value));
  throw new NnMeterError('E_UNSUPPORTED_OP', `the integer constant ${value} cannot be exported`);
}

const SETTERS: Partial<Record<DataType, readonly [bytes: number, set: Setter]>> = {
  float32: [4, (view, at, value) => view.setFloat32(at, value, true)],
  unknown: [4, (view, at, value) => view.setFloat32(at, value, true)],
  float64: [8, (view, at, value) => view.setFloat64(at, value, true)],
  int64: [8, (view, at, value) => view.setBigInt64(at, integer(value), true)],
  uint64: [8, (view, at, value) => view.setBigUint64(at, integer(value), true)],
  int32: [4, (view, at, value) => view.setInt32(at, value, true)],
  uint32: [4, (view, at, value) => view.setUint32(at, value, true)],
  int16: [2, (view, at, value) => view.setInt16(at, value, true)],
  uint16: [2, (view, at, value) => view.setUint16(at, value, true)],
  int8: [1, (view, at, value) => view.setInt8(at, value)],
  uint8: [1, (view, at, value) => view.setUint8(at, value)],
  bool: [1, (view, at, value) => view.setUint8(at, value === 0 ? 0 : 1)],
  float16: [2, (view, at, value) => view.setUint16(at, toFloat16(value), true)],
  bfloat16: [2, (view, at, value) => view.setUint16(at, float32Bits(value) >>> 16, true)],
};

/** Little-endian bytes, as in `raw_data`. */
export function packValues(dataType: DataType, values: readonly number[]): Uint8Array {
  const setter = SETTERS[dataType];
  if (setter === undefined) {
    throw new NnMeterError('E_UNSUPPORTED_OP', `constants of type ${dataType} cannot be exported`);
  }
  const [bytes, set] = setter;
  const view = new DataView(new ArrayBuffer(bytes * values.length));
  for (const [index, value] of values.entries()) set(view, index * bytes, value);
  return new Uint8Array(view.buffer);
}

function float32Bits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
}

/** Truncated to half precision; what is too large becomes infinity, what is too small zero. */
function toFloat16(value: number): number {
  const bits = float32Bits(value);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent <= 0) return sign;
  if (exponent >= 31) return sign | 0x7c00;
  return sign | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}
