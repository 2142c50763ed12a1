import { describe, expect, test } from '@jest/globals';
import { fitBase } from '../src/fit-base.ts';

/** Models of three terms; of the last two, which are alike, only the first occurs. */
function problem(alike: readonly (readonly number[])[]) {
  const models = 40;
  const sums = new Float64Array(models * 3);
  const measured = new Float64Array(models);
  for (let model = 0; model < models; model++) {
    sums[model * 3] = 1 + (model % 7);
    sums[model * 3 + 1] = 1 + (model % 5);
    measured[model] = 2 * sums[model * 3]! + 3 * sums[model * 3 + 1]!;
  }
  return {
    models,
    terms: 3,
    sums,
    offset: new Float64Array(models),
    measured,
    weight: new Float64Array(models).fill(1),
    alike,
  };
}

describe('terms alike', () => {
  test('a term that no model has takes the coefficient of those alike', () => {
    const fitted = fitBase(problem([[1, 2]]));
    expect(fitted[0]).toBeCloseTo(2, 2);
    expect(fitted[1]).toBeCloseTo(3, 2);
    expect(fitted[2]).toBeCloseTo(3, 2);
  });

  test('without others alike it stays 0', () => {
    expect(fitBase(problem([]))[2]).toBe(0);
  });
});
