import type { Shape } from '@nnmeter/ir';
import { type OpContext, type Rows, type Rule, uncosted } from './rule.ts';

const asInput =
  (index: number): Rule =>
  (context) =>
    uncosted(context.shape(index));

/** Rows and columns of a matrix; leading axes are a batch. */
function sides(context: OpContext): { batch: Shape; rows: number; columns: number } {
  const shape = context.shape(0);
  return { batch: shape.slice(0, -2), rows: shape.at(-2) ?? 1, columns: shape.at(-1) ?? 1 };
}

/** s, u, v. */
function singularValues(context: OpContext) {
  const { batch, rows, columns } = sides(context);
  const least = Math.min(rows, columns);
  if (!context.flag('compute_uv', true)) return uncosted([...batch, least]);
  const isFull = context.flag('full_matrices');
  return uncosted(
    [...batch, least],
    [...batch, rows, isFull ? rows : least],
    [...batch, columns, isFull ? columns : least],
  );
}

/** q, r. */
function orthogonal(context: OpContext) {
  const { batch, rows, columns } = sides(context);
  const inner = context.flag('full_matrices') ? rows : Math.min(rows, columns);
  return uncosted([...batch, rows, inner], [...batch, inner, columns]);
}

/** Eigenvalues and eigenvectors. */
function eigen(context: OpContext) {
  const { batch, rows } = sides(context);
  return uncosted([...batch, rows], [...batch, rows, rows]);
}

function determinant(context: OpContext) {
  const { batch } = sides(context);
  return context.op === 'LogMatrixDeterminant' ? uncosted(batch, batch) : uncosted(batch);
}

/** A count for every value below the size, by rows where there are any. */
function counts(context: OpContext) {
  const size = context.value(1);
  const shape = context.shape(0);
  return uncosted(shape.length === 2 ? [shape[0]!, size] : [size]);
}

/** A sparse matrix (indices, values, shape) by a dense one. */
function sparseProduct(context: OpContext) {
  const [rows, columns] = context.values(2);
  const other = context.shape(3);
  return uncosted([
    context.flag('adjoint_a') ? columns! : rows!,
    context.flag('adjoint_b') ? other[0]! : other[1]!,
  ]);
}

/** Ops whose results' shapes are known and whose cost is not, so that what reads them can be predicted. */
export const uncostedRows: Rows = [
  [
    'Cholesky MatrixInverse MatrixExponential MatrixLogarithm MatrixSquareRoot InvertPermutation Bucketize ' +
      'DrawBoundingBoxes DrawBoundingBoxesV2 NextAfter',
    asInput(0),
  ],
  ['MatrixSolve MatrixTriangularSolve BandedTriangularSolve LowerBound UpperBound', asInput(1)],
  ['Svd', singularValues],
  ['Qr', orthogonal],
  ['SelfAdjointEigV2 Eig', eigen],
  ['MatrixDeterminant LogMatrixDeterminant', determinant],
  ['Bincount DenseBincount', counts],
  ['HistogramFixedWidth', (context) => uncosted([context.value(2)])],
  ['Multinomial', (context) => uncosted([context.shape(0)[0]!, context.value(1)])],
  ['SparseTensorDenseMatMul', sparseProduct],
];
