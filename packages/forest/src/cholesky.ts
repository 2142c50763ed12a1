/** Replaces the lower half of a symmetric positive definite matrix (row-major, size x size) by its Cholesky factor. */
export function factorCholesky(a: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      a[i * size + j] = i === j ? Math.sqrt(sum) : sum / a[j * size + j]!;
    }
  }
}

/** Replaces `b` by the solution of `factor x = b`. */
export function solveLower(factor: Float64Array, b: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * size + k]! * b[k]!;
    b[i] = sum / factor[i * size + i]!;
  }
}

/** Replaces `b` by the solution of `transpose(factor) x = b`. */
export function solveUpper(factor: Float64Array, b: Float64Array, size: number): void {
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) b[i]! -= factor[k * size + i]! * b[k]!;
    b[i]! /= factor[i * size + i]!;
  }
}

/**
 * Solves `a x = b` for a symmetric positive definite matrix (row-major, size x size; the lower half is read and
 * overwritten by its Cholesky factor). `b` is overwritten by the solution.
 */
export function solveCholesky(a: Float64Array, b: Float64Array, size: number): void {
  factorCholesky(a, size);
  solveLower(a, b, size);
  solveUpper(a, b, size);
}
