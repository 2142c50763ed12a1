import { solveCholesky } from '@nnmeter/forest';

/**
 * Minimises `x' G x - 2 b' x` over `x >= 0` (Lawson and Hanson's active set method on normal equations).
 * `gram` is symmetric positive definite, row-major, `size` x `size`.
 */
export function solveNonNegative(
  gram: Float64Array,
  right: Float64Array,
  size: number,
): Float64Array {
  const x = new Float64Array(size);
  const passive: number[] = [];
  const isPassive = new Uint8Array(size);
  const tolerance = 1e-12 * Math.max(...right.map(Math.abs));
  for (let round = 0; round < 4 * size; round++) {
    let entering = -1;
    let steepest = tolerance;
    for (let column = 0; column < size; column++) {
      if (isPassive[column] === 1) continue;
      let slope = right[column]!;
      for (const other of passive) slope -= gram[column * size + other]! * x[other]!;
      if (slope > steepest) {
        steepest = slope;
        entering = column;
      }
    }
    if (entering < 0) break;
    passive.push(entering);
    isPassive[entering] = 1;
    for (;;) {
      const solution = solveSubset(gram, right, size, passive);
      let step = 1;
      let blocking = -1;
      for (let index = 0; index < passive.length; index++) {
        if (solution[index]! > 0) continue;
        const old = x[passive[index]!]!;
        const allowed = old / (old - solution[index]!);
        if (blocking < 0 || allowed < step) {
          step = allowed;
          blocking = index;
        }
      }
      for (let index = 0; index < passive.length; index++) {
        const column = passive[index]!;
        x[column]! += step * (solution[index]! - x[column]!);
      }
      if (blocking < 0) break;
      x[passive[blocking]!] = 0;
      for (let index = passive.length - 1; index >= 0; index--) {
        const column = passive[index]!;
        if (x[column]! > 0) continue;
        x[column] = 0;
        isPassive[column] = 0;
        passive.splice(index, 1);
      }
    }
  }
  return x;
}

function solveSubset(
  gram: Float64Array,
  right: Float64Array,
  size: number,
  columns: readonly number[],
): Float64Array {
  const count = columns.length;
  const matrix = new Float64Array(count * count);
  const vector = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    vector[row] = right[columns[row]!]!;
    for (let column = 0; column < count; column++)
      matrix[row * count + column] = gram[columns[row]! * size + columns[column]!]!;
  }
  solveCholesky(matrix, vector, count);
  return vector;
}
