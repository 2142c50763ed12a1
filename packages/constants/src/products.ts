import { broadcastShapes, elementCount, type OpAttributes, type Shape } from '@nnmeter/ir';
import { broadcast, type ConstantArray, type Elements, reordered } from './array.ts';

/** NumPy's matmul; vectors are rows on the left and columns on the right. */
export function matMul(
  left: ConstantArray,
  right: ConstantArray,
  { transposeA, transposeB }: OpAttributes['matmul'],
): Elements {
  const a = transposeA ? transposed(left) : left;
  const b = transposeB ? transposed(right) : right;
  const rowsOf: Shape = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const columnsOf: Shape = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [rows, inner, columns] = [rowsOf.at(-2)!, rowsOf.at(-1)!, columnsOf.at(-1)!];
  const stacks = broadcastShapes(rowsOf.slice(0, -2), columnsOf.slice(0, -2));
  const first = broadcast({ dataType: a.dataType, shape: rowsOf, values: a.values }, [
    ...stacks,
    rows,
    inner,
  ]);
  const second = broadcast({ dataType: b.dataType, shape: columnsOf, values: b.values }, [
    ...stacks,
    inner,
    columns,
  ]);
  const result: number[] = [];
  for (let stack = 0; stack < elementCount(stacks); stack++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let total = 0;
        for (let at = 0; at < inner; at++) {
          total +=
            first[(stack * rows + row) * inner + at]! *
            second[(stack * inner + at) * columns + column]!;
        }
        result.push(total);
      }
    }
  }
  return result;
}

/** The last two axes exchanged. */
function transposed({ dataType, shape, values }: ConstantArray): ConstantArray {
  const [row, column] = [shape.length - 2, shape.length - 1];
  const order = shape.map((_, axis) => (axis === row ? column : axis === column ? row : axis));
  return {
    dataType,
    shape: order.map((axis) => shape[axis]!),
    values: reordered(shape, values, order),
  };
}
