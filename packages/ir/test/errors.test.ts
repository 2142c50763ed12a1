import { describe, expect, test } from '@jest/globals';
import { inputShapeHint, locateError, locateErrors, NnMeterError } from '@nnmeter/ir';

describe('an error is located', () => {
  const error = new NnMeterError('E_SHAPE', 'sides differ', { hint: 'give other sides' });

  test('by fields and by its message, from the outside in', () => {
    const atNode = locateError({ node: 'add1', op: 'Add' }, error);
    const inFile = locateError({ file: 'net.onnx', format: 'onnx' }, atNode);
    const inList = locateError({ list: 'all.csv', line: 3, id: 'first' }, inFile);
    expect(inList).toMatchObject({
      code: 'E_SHAPE',
      message:
        'all.csv, line 3 (first): net.onnx: node "add1" (Add): sides differ; give other sides',
      where: {
        ...{ list: 'all.csv', line: 3, id: 'first' },
        ...{ file: 'net.onnx', format: 'onnx', node: 'add1', op: 'Add' },
      },
      hint: { text: 'give other sides' },
    });
    expect(inList.problem).not.toMatch(/give/);
    expect(inList.cause).toBe(inFile);
  });

  test('once: a place that is known stays, whatever the message says', () => {
    const known = new NnMeterError('E_FILE', 'gone', { where: { file: 'inner.bin' } });
    expect(locateError({ file: 'outer.onnx' }, known)).toMatchObject({
      message: 'gone',
      where: { file: 'inner.bin' },
    });
    const named = new NnMeterError('E_FILE', 'outer.onnx: is what a tensor is called');
    expect(locateError({ file: 'outer.onnx' }, named).message).toBe(
      'outer.onnx: outer.onnx: is what a tensor is called',
    );
  });

  test('only if it is one of ours', () => {
    const other = new TypeError('no function');
    expect(locateError({ file: 'a' }, other)).toBe(other);
    const fail = () =>
      locateErrors(
        () => ({ predictor: 'phone 1.0' }),
        () => {
          throw error;
        },
      );
    expect(fail).toThrow(/^predictor phone 1\.0: sides differ; give other sides$/);
  });
});

test('a hint for shapes is code that can be pasted, and data', () => {
  expect(inputShapeHint("it's", [1, 3])).toEqual({
    text: "give its shape, in the model's own order of axes, with inputShapes: { 'it\\'s': [1, 3] }",
    inputShapes: { "it's": [1, 3] },
  });
});

test('a message that quotes a file stays readable, and keeps beginning and end', () => {
  const shape = new Array<number>(1000).fill(2 ** 40);
  const error = new NnMeterError('E_SHAPE', `the shape [${shape.join(', ')}] is too large`, {
    hint: inputShapeHint('x', shape),
  });
  expect(error.message.length).toBeLessThan(2000);
  expect(error.message).toMatch(/^the shape \[1099511627776, .* is too large; give its shape/);
  expect(error.hint?.inputShapes).toEqual({ x: shape });
});
