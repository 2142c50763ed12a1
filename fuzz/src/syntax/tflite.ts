import { type FieldType, flatBuffer, type TableType } from './flatbuffer.ts';

const INTEGERS: FieldType = { list: 'i32' };
const listOf = (table: TableType): FieldType => ({ list: { table } });

const NAMED_TENSOR: TableType = { 0: 'text', 1: 'i32' };
const OPERATOR: TableType = {
  ...{ 0: 'i32', 1: INTEGERS, 2: INTEGERS, 3: 'u8', 4: 'raw', 5: 'bytes', 11: 'u8', 12: 'raw' },
};
const TENSOR: TableType = {
  ...{ 0: INTEGERS, 1: 'u8', 2: 'i32', 3: 'text', 4: { table: { 2: { list: 'f32' } } } },
  ...{ 7: INTEGERS, 8: 'u8' },
};

/** TFLite's public schema (tensorflow/lite/schema/schema.fbs), as far as it is read. */
export const tflite = flatBuffer('TFL3', {
  0: 'i32',
  1: listOf({ 0: 'u8', 1: 'text', 2: 'i32', 3: 'i32' }),
  2: listOf({ 0: listOf(TENSOR), 1: INTEGERS, 2: INTEGERS, 3: listOf(OPERATOR), 4: 'text' }),
  3: 'text',
  4: listOf({ 0: 'bytes', 1: 'u64', 2: 'u64' }),
  7: listOf({ 0: listOf(NAMED_TENSOR), 1: listOf(NAMED_TENSOR), 2: 'text', 4: 'i32' }),
});
