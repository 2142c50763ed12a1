import type { DataType } from '@nnmeter/ir';

/** TensorProto.DataType by number; 0 is undefined. The 4-bit float has no counterpart. */
const DATA_TYPES: readonly DataType[] = [
  'unknown',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8',
  'float8',
  'float8',
  'float8',
  'uint4',
  'int4',
  'unknown',
  'float8',
];

/** Name of an ONNX element type number; `unknown` for numbers this package does not know. */
export function dataTypeOf(elementType: number | null | undefined): DataType {
  return DATA_TYPES[elementType ?? 0] ?? 'unknown';
}
