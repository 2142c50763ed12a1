import { describe, expect, test } from '@jest/globals';
import { readOnnx } from '@nnmeter/frontend-onnx';
import type { ReadOptions } from '@nnmeter/ir';
import { encode, fixture, int, model, network, node, value } from './support/onnx-model.ts';

const relu = node('Relu', ['x'], ['y']);

function shapeOf(
  input: (number | string | undefined)[] | undefined,
  inputShapes?: ReadOptions['inputShapes'],
): readonly number[] | undefined {
  return readOnnx(network([relu], input), inputShapes && { inputShapes }).tensor('y').shape;
}

describe('open dimensions', () => {
  test('the batch is taken as 1 and the user is told', () => {
    const graph = readOnnx(network([relu], ['N', 3, 8, 8]));
    expect(graph.tensor('y').shape).toEqual([1, 3, 8, 8]);
    expect(graph.warnings).toEqual([
      'input "x": its first dimension "N" is open and taken as 1 (batch); give the input\'s shape for another',
    ]);
    expect(shapeOf([undefined, 3, 8, 8])).toEqual([1, 3, 8, 8]);
    expect(shapeOf([-1, 3, 8, 8])).toEqual([1, 3, 8, 8]);
  });

  test('any other one that is needed must be given; the message names it and says how', () => {
    expect(() => shapeOf(['N', 3, 'height', 'width'])).toThrow(
      expect.objectContaining({
        code: 'E_MISSING_DIMENSION',
        message:
          'input "x" has the symbolic dimension "height" (axis 2 of [N, 3, height, width]); give its shape, in the model\'s own order of axes, with inputShapes: { \'x\': [1, 3, 224, 224] }',
      }),
    );
    expect(() => shapeOf([1, undefined])).toThrow(/an unknown dimension \(axis 1 of \[1, \?\]\)/);
    expect(() => shapeOf(['sequence', 8])).toThrow(/"sequence" \(axis 0/);
    expect(() => shapeOf(['n'])).toThrow(/"n" \(axis 0/);
    expect(() => shapeOf(undefined)).toThrow(/input "x" does not say its shape/);
  });

  test('messages stay readable whatever the names', () => {
    const long = 'd'.repeat(50_000);
    const input = [value(long, [1, ...new Array<string>(60).fill(long)])];
    const nodes = [node('Relu', [long], ['y'])];
    expect(() => readOnnx(encode(model({ node: nodes, input, output: [{ name: 'y' }] })))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{100,2500}$/) }),
    );
  });

  test('an input that nothing reads needs no shape', () => {
    const input = [value('x', [1, 4]), value('spare', [1, 'length'])];
    expect(
      readOnnx(encode(model({ node: [relu], input, output: [{ name: 'y' }] }))).tensor('y').shape,
    ).toEqual([1, 4]);
  });

  test('given shapes settle them, by name or for the only input', () => {
    expect(shapeOf(['N', 3, 'H', 'W'], [2, 3, 5, 7])).toEqual([2, 3, 5, 7]);
    expect(shapeOf(['N', 3, 'H', 'W'], { x: [2, 3, 5, 7] })).toEqual([2, 3, 5, 7]);
    expect(shapeOf(undefined, [2, 9])).toEqual([2, 9]);
  });

  test('given shapes override what the file says', () => {
    const graph = readOnnx(fixture('resnet18'), { inputShapes: [4, 3, 128, 96] });
    expect(graph.tensor('output').shape).toEqual([4, 1000]);
    const gap = graph.nodes.find(({ op }) => op === 'gap')!;
    expect(graph.tensor(gap.inputs[0]!).shape).toEqual([4, 512, 4, 3]);
  });

  test('a symbol has one value in the whole model', () => {
    const nodes = [node('Concat', ['a', 'b'], ['y'], [int('axis', 1)])];
    const bytes = encode(
      model({
        node: nodes,
        input: [value('a', ['batch', 2, 'n']), value('b', ['batch', 3, 'n'])],
        output: [{ name: 'y' }],
      }),
    );
    expect(readOnnx(bytes, { inputShapes: { a: [6, 2, 4] } }).tensor('y').shape).toEqual([6, 5, 4]);
  });

  test('PyTorch models with dynamic axes follow the shape they are given', () => {
    const graph = readOnnx(fixture('dynamic_segmenter'), { inputShapes: [1, 3, 40, 56] });
    expect(graph.tensor(graph.outputs[0]!).shape).toEqual([1, 40 * 56, 8]);
    expect(graph.warnings).toEqual([]);
    expect(() => readOnnx(fixture('dynamic_lstm'))).toThrow(/"length"/);
  });
});

describe('input shapes that cannot be meant', () => {
  const two = encode(
    model({
      node: [node('Add', ['a', 'b'], ['y'])],
      input: [value('a', [1]), value('b', [1])],
      output: [{ name: 'y' }],
    }),
  );
  test.each<[string, Uint8Array, ReadOptions['inputShapes'], RegExp]>([
    ['unknown name', two, { c: [1] }, /no input "c"; its inputs are "a", "b"/],
    ['one shape for two inputs', two, [1], /one shape is given for the 2 inputs "a", "b"/],
    ['wrong rank', network([relu], [1, 2]), [1, 2, 3], /has 3 axes, the model's has 2/],
    ['zero', network([relu], [1, 2]), [0, 2], /not a list of positive integers/],
    ['fraction', network([relu], [1, 2]), [1.5, 2], /not a list of positive integers/],
  ])('%s', (_, bytes, inputShapes, message) => {
    expect(() => readOnnx(bytes, { inputShapes: inputShapes! })).toThrow(
      expect.objectContaining({ code: 'E_INVALID_INPUT', message: expect.stringMatching(message) }),
    );
  });
});
