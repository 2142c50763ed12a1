/** Solves `A x = b` for symmetric positive definite A (Cholesky), in place: `vector` becomes x, `matrix` its factor. */
export function solvePositiveDefinite(
  matrix: Float64Array,
  vector: Float64Array,
  size: number,
): void {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column]!;
      for (let k = 0; k < column; k++) sum -= matrix[row * size + k]! * matrix[column * size + k]!;
      matrix[row * size + column] =
        row === column ? Math.sqrt(Math.max(sum, 1e-300)) : sum / matrix[column * size + column]!;
    }
  }
  for (let row = 0; row < size; row++) {
    let sum = vector[row]!;
    for (let k = 0; k < row; k++) sum -= matrix[row * size + k]! * vector[k]!;
    vector[row] = sum / matrix[row * size + row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = vector[row]!;
    for (let k = row + 1; k < size; k++) sum -= matrix[k * size + row]! * vector[k]!;
    vector[row] = sum / matrix[row * size + row]!;
  }
}
