import { describe, expect, test } from '@jest/globals';
import { Forest, forestFromTrees } from '@nnmeter/forest';
import fc from 'fast-check';
import { arbitraryTrees, naivePredict, toForest, toTreeNodes } from './arbitrary.ts';

const FEATURES = 4;
// Few distinct numbers, so that inputs often equal thresholds.
const number = fc.oneof(
  fc.constantFrom(-1, 0, 0.1, 1 / 3, 2.5, Math.fround(0.1)),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const rows = fc.array(fc.array(number, { minLength: FEATURES, maxLength: FEATURES }), {
  maxLength: 8,
});

describe('Forest', () => {
  test.each(['sum', 'mean'] as const)(
    'predicts what naive recursion predicts (%s)',
    (aggregation) => {
      fc.assert(
        fc.property(arbitraryTrees(FEATURES, number), rows, (trees, inputs) => {
          const forest = toForest(trees, FEATURES, 'float64', aggregation);
          const expected = inputs.map((row) => {
            const sum = trees.reduce((total, tree) => total + naivePredict(tree, row), 0);
            return aggregation === 'sum' ? sum : sum / trees.length;
          });
          expect(inputs.map((row) => forest.predict(row))).toEqual(expected);
          expect([...forest.predictBatch(Float64Array.from(inputs.flat()))]).toEqual(expected);
          expect(forest.treeCount).toBe(trees.length);
        }),
      );
    },
  );

  test('compares float32 inputs with float64 thresholds', () => {
    const stump = { feature: 0, value: 0.1, left: { value: 1 }, right: { value: 2 } };
    // float32(0.1) > 0.1, hence right; a float32 threshold is rounded the same way, hence left.
    expect(toForest([stump], 1, 'float64').predict([0.1])).toBe(2);
    expect(toForest([stump], 1, 'float32').predict([0.1])).toBe(1);
    expect(toForest([stump], 1, 'float32').precision).toBe('float32');
    expect(toForest([stump], 1, 'float64').predict([Number.NaN])).toBe(2);
  });

  test.each([
    ['a split without children', [0], [1]],
    ['a split with one child', [0, -1], [1, 1]],
    ['a feature beyond the row', [2, -1, -1], [1, 1, 1]],
    ['a NaN threshold', [0, -1, -1], [Number.NaN, 1, 1]],
    ['an infinite leaf', [0, -1, -1], [1, Infinity, 1]],
    ['no nodes', [], []],
  ])('refuses %s', (_, feature, value) => {
    const construct = () =>
      new Forest({
        featureCount: 2,
        aggregation: 'sum',
        feature: Int16Array.from(feature),
        value: Float32Array.from(value),
      });
    expect(construct).toThrow(expect.objectContaining({ code: 'E_WEIGHTS' }));
  });

  test('refuses rows of another length', () => {
    const forest = toForest([{ value: 1 }], 3, 'float32');
    expect(() => forest.predict([1, 2])).toThrow('got 2 feature values where it needs 3');
    expect(() => forest.predictBatch(new Float32Array(7))).toThrow('got 7 feature values');
  });
});

describe('forestFromTrees', () => {
  test('reads trees in any node order', () => {
    fc.assert(
      fc.property(arbitraryTrees(FEATURES, number), (trees) => {
        const options = { featureCount: FEATURES, aggregation: 'mean' } as const;
        const imported = forestFromTrees(trees.map(toTreeNodes), options);
        expect(imported).toEqual(toForest(trees, FEATURES, 'float64', 'mean'));
      }),
    );
  });

  test.each([
    ['a cycle', [1, 0, -1], [2, 2, -1]],
    ['a shared child', [1, -1], [1, -1]],
    ['a child outside of the tree', [1, -1], [9, -1]],
    ['no nodes', [], []],
  ])('refuses %s', (_, left, right) => {
    const zeros = left.map(() => 0);
    const tree = { left, right, feature: zeros, threshold: zeros, value: zeros };
    expect(() => forestFromTrees([tree], { featureCount: 1, aggregation: 'sum' })).toThrow(
      expect.objectContaining({ code: 'E_WEIGHTS' }),
    );
  });
});
