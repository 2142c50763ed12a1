import { describe, expect, test } from '@jest/globals';
import {
  asType,
  type ConstantArray,
  type ConstantCall,
  Evaluator,
  functionOfOp,
  mostElements,
  nonZero,
  range,
} from '@nnmeter/constants';
import type { DataType, Operation, Shape } from '@nnmeter/ir';

// Every expected list is what NumPy 2.4 prints for the same arrays.

function array(
  shape: Shape,
  values: readonly number[],
  dataType: DataType = 'int64',
): ConstantArray {
  return { dataType, shape, values };
}

const counted = array([2, 3, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const matrix = array([2, 3], [3, 1, 2, 0, 5, 4]);

function compute(
  call: ConstantCall,
  operands: readonly ConstantArray[],
  ...shapes: readonly Shape[]
): readonly (readonly number[])[] | undefined {
  return new Evaluator().evaluate(call, operands, { shapes, dataType: operands[0]!.dataType });
}

/** Of an op by the name and attributes of the canonical vocabulary. */
function computeOp(
  operation: Operation,
  operands: readonly ConstantArray[],
  ...shapes: readonly Shape[]
): readonly (readonly number[])[] | undefined {
  return compute(functionOfOp(operation)!, operands, ...shapes);
}

const first = (
  operation: Operation,
  operands: readonly ConstantArray[],
  shape: Shape,
): readonly number[] | undefined => computeOp(operation, operands, shape)?.[0];

describe('what moves elements', () => {
  test('transpose and slices with negative steps', () => {
    const transpose = { op: 'transpose', attributes: { perm: [2, 0, 1] } } as const;
    expect(first(transpose, [counted], [2, 2, 3])).toEqual([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
    const attributes = { starts: [-1, 1], ends: [-100, 100], axes: [1, 2], steps: [-1, 1] };
    expect(first({ op: 'slice', attributes }, [counted], [2, 3, 1])).toEqual([5, 3, 1, 11, 9, 7]);
  });

  test('gather counts from the end, along an axis and for every element', () => {
    const take = { op: 'gather', attributes: { axis: 1 } } as const;
    expect(first(take, [counted, array([2], [2, -1])], [2, 2, 2])).toEqual([
      4, 5, 4, 5, 10, 11, 10, 11,
    ]);
    const along = { op: 'gather', attributes: { axis: 1, indexing: 'elements' } } as const;
    expect(first(along, [matrix, array([2, 2], [2, 0, -1, 1])], [2, 2])).toEqual([2, 3, 4, 5]);
  });

  test('pads of every mode', () => {
    const pad = (mode: string, pads: readonly number[], shape: Shape, fill = 0) =>
      compute({ function: 'pad', attributes: { mode, pads, fill } }, [matrix], shape)?.[0];
    expect(pad('reflect', [0, 2, 0, 2], [2, 7])).toEqual([
      2, 1, 3, 1, 2, 1, 3, 4, 5, 0, 5, 4, 5, 0,
    ]);
    expect(pad('symmetric', [1, 1, 1, 1], [4, 5])).toEqual([
      3, 3, 1, 2, 2, 3, 3, 1, 2, 2, 0, 0, 5, 4, 4, 0, 0, 5, 4, 4,
    ]);
    expect(pad('constant', [1, 0, 0, 1], [3, 4], 9)).toEqual([9, 9, 9, 9, 3, 1, 2, 9, 0, 5, 4, 9]);
  });

  test('tile, concatenate, stack, split', () => {
    const more = array([2, 3], [13, 11, 12, 10, 15, 14]);
    expect(first({ op: 'tile', attributes: { repeats: [2, 2] } }, [matrix], [4, 6])).toEqual([
      3, 1, 2, 3, 1, 2, 0, 5, 4, 0, 5, 4, 3, 1, 2, 3, 1, 2, 0, 5, 4, 0, 5, 4,
    ]);
    const joined = [3, 1, 2, 13, 11, 12, 0, 5, 4, 10, 15, 14];
    const concat = { op: 'concat', attributes: { axis: 1 } } as const;
    expect(first(concat, [matrix, more], [2, 6])).toEqual(joined);
    expect(first(concat, [matrix, more], [2, 2, 3])).toEqual(joined);
    const split = { op: 'split', attributes: { axis: 1, sizes: [1, 2] } } as const;
    expect(computeOp(split, [matrix], [2, 1], [2, 2])).toEqual([
      [3, 0],
      [1, 2, 5, 4],
    ]);
  });

  test('triangles and where', () => {
    const triangle = (isUpper: boolean, diagonal: number) =>
      compute({ function: 'triangle', attributes: { isUpper, diagonal } }, [matrix], [2, 3])?.[0];
    expect(triangle(false, -1)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(triangle(true, 0)).toEqual([3, 1, 2, 0, 5, 4]);
    const condition = array([2, 1], [1, 0], 'bool');
    const negative = array([2, 3], [-3, -1, -2, 0, -5, -4]);
    const where = { op: 'where', attributes: {} } as const;
    expect(first(where, [condition, matrix, negative], [2, 3])).toEqual([3, 1, 2, 0, -5, -4]);
  });
});

describe('arithmetic', () => {
  const ofTwo = (
    name: Extract<ConstantCall, { attributes: object }>['function'],
    a: ConstantArray,
    b: ConstantArray,
  ) => compute({ function: name, attributes: {} } as ConstantCall, [a, b], a.shape)?.[0];

  test('remainders and quotients of negative numbers', () => {
    const [a, b] = [array([2], [-7, 7]), array([2], [3, -3])];
    expect(ofTwo('fmod', a, b)).toEqual([-1, 1]);
    expect(ofTwo('mod', a, b)).toEqual([2, -2]);
    expect(ofTwo('floordiv', a, b)).toEqual([-3, -3]);
    expect(ofTwo('div', a, b)).toEqual([-2, -2]);
  });

  test('integers wrap around, are exact, and divide by zero to 0', () => {
    const of = (name: 'add' | 'mul' | 'div', dataType: DataType, a: number, b: number) =>
      ofTwo(name, array([1], [a], dataType), array([1], [b], dataType));
    expect(of('add', 'int32', 2 ** 31 - 1, 1)).toEqual([-2147483648]);
    expect(of('add', 'uint8', 200, 100)).toEqual([44]);
    expect(of('mul', 'int64', 3037000500, 3037000500)).toEqual([Number(-9223372036709301616n)]);
    expect(of('div', 'int32', 7, 0)).toEqual([0]);
  });

  test('the largest int64 stays itself', () => {
    const most = array([1], [2 ** 63]);
    expect(ofTwo('min', most, array([1], [5]))).toEqual([5]);
    expect(first({ op: 'cast', attributes: { to: 'int64' } }, [most], [1])).toEqual([2 ** 63]);
    expect(ofTwo('add', most, array([1], [1]))).toEqual([-(2 ** 63)]);
  });

  test('operands broadcast both ways', () => {
    const row = array([3], [2, -3, 4]);
    expect(compute({ function: 'mod', attributes: {} }, [matrix, row], [2, 3])).toEqual([
      [1, -2, 2, 0, -1, 0],
    ]);
    const column = array([2, 1], [10, 20]);
    expect(compute({ function: 'add', attributes: {} }, [column, row], [2, 3])).toEqual([
      [12, 7, 14, 22, 17, 24],
    ]);
  });

  test('bits', () => {
    const of = (name: 'bitwiseand' | 'leftshift' | 'rightshift', a: number, b: number) =>
      ofTwo(name, array([1], [a]), array([1], [b]));
    expect(of('bitwiseand', 12, 10)).toEqual([8]);
    expect(of('leftshift', 3, 2)).toEqual([12]);
    expect(of('rightshift', -8, 1)).toEqual([-4]);
  });

  test('halves are rounded to even', () => {
    const halves = array([5], [0.5, 1.5, 2.5, -0.5, -1.5], 'float32');
    expect(first({ op: 'round', attributes: {} }, [halves], [5])).toEqual([0, 2, 2, -0, -2]);
  });

  test('the error function', () => {
    const places = array([5], [0.1, 1, -2, 4, 7], 'float64');
    const expected = [
      0.1124629160182849, 0.8427007929497149, -0.9953222650189527, 0.9999999845827421, 1,
    ];
    first({ op: 'erf', attributes: {} }, [places], [5])!.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index]!, 14);
    });
  });

  test('types hold what they can', () => {
    expect(asType([0.1, 1 / 3, 65519, 65520, 1e-8], 'float16')).toEqual([
      0.0999755859375,
      0.333251953125,
      65504,
      Number.POSITIVE_INFINITY,
      0,
    ]);
    expect(asType([0.1], 'float32')).toEqual([0.10000000149011612]);
  });
});

describe('along axes', () => {
  test('sums, products, the largest', () => {
    const reduce = (name: 'reduceprod' | 'reducemax', axis: number, shape: Shape) =>
      compute({ function: name, attributes: { axes: [axis] } }, [matrix], shape)?.[0];
    expect(reduce('reduceprod', 0, [3])).toEqual([0, 5, 8]);
    expect(reduce('reducemax', 1, [2])).toEqual([3, 5]);
  });

  test('cumulation forwards and backwards', () => {
    const cumulate = (isProduct: boolean, isReversed: boolean) =>
      compute(
        {
          function: 'cumulate',
          attributes: { axis: 1, isProduct, isReversed, isExclusive: false },
        },
        [matrix],
        [2, 3],
      )?.[0];
    expect(cumulate(false, false)).toEqual([3, 4, 6, 0, 5, 9]);
    expect(cumulate(true, true)).toEqual([6, 2, 2, 0, 20, 4]);
  });

  test('sorted along the first axis', () => {
    const attributes = { axis: 1, k: 3, isSmallest: true };
    expect(compute({ function: 'sort', attributes }, [matrix], [2, 3], [2, 3])).toEqual([
      [1, 2, 3, 0, 4, 5],
      [1, 2, 0, 0, 2, 1],
    ]);
  });

  test('products of matrices', () => {
    const right = array([3, 2], [0, 1, 2, 3, 4, 5]);
    const attributes = { transposeA: false, transposeB: false };
    expect(first({ op: 'matmul', attributes }, [matrix, right], [2, 2])).toEqual([10, 16, 26, 35]);
    const turned = array([2, 3], [0, 2, 4, 1, 3, 5]);
    const transposed = { transposeA: false, transposeB: true };
    expect(first({ op: 'matmul', attributes: transposed }, [matrix, turned], [2, 2])).toEqual([
      10, 16, 26, 35,
    ]);
  });
});

describe('what is not computed', () => {
  test('constants without elements whose other axes are long', () => {
    const empty = array([2 ** 31, 0], []);
    const softmax = { function: 'softmax', attributes: { axis: 1 } } as const;
    expect(compute(softmax, [empty], empty.shape)).toBeUndefined();
    expect(
      compute({ function: 'tile', attributes: {} }, [array([1, 0], [])], empty.shape),
    ).toBeUndefined();
    expect(compute({ function: 'tile', attributes: {} }, [array([1, 0], [])], [3, 0])).toEqual([
      [],
    ]);
  });

  test('long constants', () => {
    const long = array([mostElements + 1], new Array<number>(mostElements + 1).fill(1));
    expect(first({ op: 'neg', attributes: {} }, [long], long.shape)).toBeUndefined();
    expect(range(0, mostElements + 1, 1)).toBeUndefined();
  });

  test('indices outside of the data, and operands that are missing', () => {
    const outside = array([1], [7]);
    const gather = { op: 'gather', attributes: { axis: 0 } } as const;
    expect(first(gather, [array([3], [1, 2, 3]), outside], [1])).toBeUndefined();
    expect(first(gather, [matrix], [1])).toBeUndefined();
  });

  test('ops that are more than their attributes say', () => {
    expect(functionOfOp({ op: 'scatter', attributes: {} })).toBeUndefined();
    expect(functionOfOp({ op: 'custom', attributes: {} })).toBeUndefined();
  });
});

test('places of what is not zero', () => {
  expect(nonZero(matrix)).toEqual({ count: 5, indices: [0, 0, 0, 1, 1, 0, 1, 2, 1, 2] });
});
