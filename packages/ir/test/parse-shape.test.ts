import { expect, test } from '@jest/globals';
import { parseShape } from '@nnmeter/ir';

test.each([
  ['1,3,224,224', [1, 3, 224, 224]],
  ['1x3x224x224', [1, 3, 224, 224]],
  [' 1, 3 x 224  224 ', [1, 3, 224, 224]],
  ['9007199254740991', [Number.MAX_SAFE_INTEGER]],
])('%j is a shape', (text, shape) => {
  expect(parseShape(text)).toEqual(shape);
});

test.each([
  '',
  ' ',
  '1,',
  ',1',
  '1,,3',
  '0',
  '1,-3',
  '1.5',
  '1e3',
  '0x10',
  'x',
  '9007199254740992',
])('%j is none, and the error says what is', (text) => {
  expect(() => parseShape(text)).toThrow(
    expect.objectContaining({
      code: 'E_INVALID_INPUT',
      message: `"${text}" is not a shape; write positive integers: 1,3,224,224 or 1x3x224x224`,
    }),
  );
});
