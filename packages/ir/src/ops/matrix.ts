import { planEinsum } from '../einsum.ts';
import { matMulShape } from '../shape-rules.ts';
import { elementCount, type Shape } from '../tensor.ts';
import { stated } from './attribute.ts';
import { type MacsRule, row, type ShapeAndLayout, type ShapeRule } from './row.ts';

const transposes = {
  transposeA: stated('flag', { onnx: 'transA' }),
  transposeB: stated('flag', { onnx: 'transB' }),
};

interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const product: ShapeRule<Transposes> = ([a, b], { transposeA, transposeB }) =>
  b && [
    {
      shape: matMulShape(
        transposeA ? lastTwoSwapped(a!.shape) : a!.shape,
        transposeB ? lastTwoSwapped(b.shape) : b.shape,
      ),
    },
  ];

function lastTwoSwapped(shape: Shape): Shape {
  return shape.length < 2 ? shape : [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
}

/** Output elements x inner extent. */
const productMacs: MacsRule<Transposes> = ({ transposeA }, [a], result) =>
  elementCount(result.shape) * ((transposeA ? a!.shape.at(-2) : a!.shape.at(-1)) ?? 1);

const shapesOf = (inputs: readonly ShapeAndLayout[]): readonly Shape[] =>
  inputs.map((input) => input.shape);

export const matrixOps = {
  /** Product with a constant matrix over the last axis: Gemm, Dense, MatMul by a weight. */
  fc: row({
    onnx: ['Gemm', 1],
    attributes: transposes,
    operands: [2, 3],
    shapes: product,
    macs: productMacs,
    cost: 'fc',
    axes: 'features',
    weighted: true,
    note: 'by a constant matrix',
  }),
  /** Product of two computed tensors. */
  matmul: row({
    onnx: ['MatMul', 1],
    attributes: transposes,
    operands: [2, 3],
    shapes: product,
    macs: productMacs,
    cost: 'matmul',
    axes: 'opaque',
    note: 'of two computed tensors',
  }),
  einsum: row({
    onnx: ['Einsum', 12],
    attributes: { equation: stated('text') },
    operands: [1, Number.POSITIVE_INFINITY],
    shapes: (inputs, { equation }) => [
      { shape: planEinsum(equation, shapesOf(inputs)).outputShape },
    ],
    /** Of n operands: (n - 1) x the extents of all indices. */
    macs: ({ equation }, inputs) => {
      const { extents, ellipsis } = planEinsum(equation, shapesOf(inputs));
      return (inputs.length - 1) * elementCount([...extents.values(), ...ellipsis]);
    },
    cost: 'matmul',
    axes: 'opaque',
  }),
};
