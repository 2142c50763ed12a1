import { expect, test } from '@jest/globals';
import {
  ACTIVATIONS,
  BROADCASTING_OPERATORS,
  BUILTIN_OPERATORS,
  DATA_TYPES,
  OPTION_TABLES,
  optionTable,
  RECTIFIERS,
  UNARY_OPERATORS,
} from '@nnmeter/tflite-schema';

// Numbers from tensorflow/lite/schema/schema.fbs.
test.each([
  ['ADD', 0],
  ['CONV_2D', 3],
  ['CUSTOM', 32],
  ['MEAN', 40],
  ['HARD_SWISH', 117],
  ['BATCH_MATMUL', 126],
  ['BROADCAST_TO', 130],
  ['GELU', 150],
  ['SIGN', 158],
  ['DILATE', 203],
  ['STABLEHLO_COMPOSITE', 206],
])('%s is operator %d', (name, code) => {
  expect(BUILTIN_OPERATORS[code]).toBe(name);
});

test('every operator that something is known of is in the list, once', () => {
  const known = [OPTION_TABLES, UNARY_OPERATORS, BROADCASTING_OPERATORS, RECTIFIERS];
  const names = known.flatMap((table) => Object.keys(table));
  expect(names.filter((name) => !BUILTIN_OPERATORS.includes(name))).toEqual([]);
  expect(new Set(BUILTIN_OPERATORS).size).toBe(BUILTIN_OPERATORS.length);
});

test('fields of a table have numbers of their own', () => {
  for (const { fields } of Object.values(OPTION_TABLES)) {
    const numbers = Object.values(fields).map(({ field }) => field);
    expect(new Set(numbers).size).toBe(numbers.length);
  }
});

test('what is not known has no table', () => {
  expect(optionTable('PAD')).toBeUndefined();
  expect(optionTable('constructor')).toBeUndefined();
  expect(optionTable('CONV_2D')).toMatchObject({ tag: 1, union: 1 });
});

test('element types and fused activations by number', () => {
  expect([0, 2, 4, 6, 9].map((type) => DATA_TYPES[type])).toEqual([
    ...['float32', 'int32', 'int64', 'bool', 'int8'],
  ]);
  expect([1, 2, 3].map((code) => ACTIVATIONS[code])).toEqual(['RELU', 'RELU_N1_TO_1', 'RELU6']);
});
