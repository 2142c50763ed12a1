import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { solveNonNegative } from '../src/nnls.ts';

function gramOf(matrix: readonly (readonly number[])[], target: readonly number[]) {
  const size = matrix[0]!.length;
  const gram = new Float64Array(size * size);
  const right = new Float64Array(size);
  for (const [row, values] of matrix.entries()) {
    for (let a = 0; a < size; a++) {
      right[a]! += values[a]! * target[row]!;
      for (let b = 0; b < size; b++) gram[a * size + b]! += values[a]! * values[b]!;
    }
  }
  for (let a = 0; a < size; a++) gram[a * size + a]! += 1e-6;
  return { gram, right, size };
}

test('finds exact non-negative coefficients', () => {
  const matrix = [
    [1, 2, 0],
    [0, 1, 3],
    [4, 0, 1],
    [1, 1, 1],
  ];
  const truth = [0.5, 2, 0];
  const target = matrix.map((row) =>
    row.reduce((sum, value, index) => sum + value * truth[index]!, 0),
  );
  const { gram, right, size } = gramOf(matrix, target);
  const found = solveNonNegative(gram, right, size);
  for (const [index, value] of truth.entries()) expect(found[index]).toBeCloseTo(value, 4);
});

test('meets the optimality conditions: no negative coefficient, no descent left', () => {
  const entry = fc.double({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(entry, entry, entry, entry, entry), { minLength: 6, maxLength: 12 }),
      (rows) => {
        const { gram, right, size } = gramOf(
          rows.map((row) => row.slice(0, 4)),
          rows.map((row) => row[4]),
        );
        const x = solveNonNegative(gram, right, size);
        for (let a = 0; a < size; a++) {
          let slope = right[a]!;
          for (let b = 0; b < size; b++) slope -= gram[a * size + b]! * x[b]!;
          expect(x[a]).toBeGreaterThanOrEqual(0);
          if (x[a] === 0) expect(slope).toBeLessThanOrEqual(1e-6);
          else expect(Math.abs(slope)).toBeLessThanOrEqual(1e-5);
        }
      },
    ),
  );
});
