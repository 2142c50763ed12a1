import { describe, expect, test } from '@jest/globals';
import {
  forestFromMlCart,
  forestToMlCart,
  type MlCartTree,
  trainRegressionTree,
} from '@nnmeter/forest';
import fc from 'fast-check';
import { DecisionTreeRegression } from 'ml-cart';
import { arbitraryTrees, toForest } from './arbitrary.ts';
import { uniform } from './synthetic.ts';

const FEATURES = 3;
/** Multiples of 1/4: exact in float32, and so are the midpoints between them. */
const quarter = fc.integer({ min: 0, max: 80 }).map((n) => n / 4);
const dataset = fc
  .record({ seed: fc.nat(), size: fc.integer({ min: 8, max: 60 }) })
  .map(({ seed, size }) => {
    const random = uniform(seed);
    const row = () => Array.from({ length: FEATURES }, () => Math.floor(random() * 80) / 4);
    return {
      rows: Array.from({ length: size }, row),
      target: Array.from({ length: size }, () => random() * 100),
    };
  });

function columns(rows: number[][]): Float32Array {
  return Float32Array.from(
    Array.from({ length: FEATURES }, (_, f) => rows.map((row) => row[f]!)).flat(),
  );
}

describe('ml-cart interchange', () => {
  test('a tree trained by ml-cart predicts the same here, from its instance state or its JSON', () => {
    fc.assert(
      fc.property(dataset, ({ rows, target }) => {
        const oracle = new DecisionTreeRegression({ minNumSamples: 3 });
        oracle.train(rows, target);
        const expected = oracle.predict(rows);
        const options = { featureCount: FEATURES, aggregation: 'sum' } as const;
        const fromState = forestFromMlCart([oracle.toJSON()], options);
        const json: MlCartTree = JSON.parse(JSON.stringify(oracle));
        for (const forest of [fromState, forestFromMlCart([json], options)]) {
          expect(rows.map((row) => forest.predict(row))).toEqual(expected);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('ml-cart loads our trees and predicts the same; reading them back changes nothing', () => {
    // JSON does not know -0.
    const finiteDouble = fc.double({ noNaN: true, min: -1e300, max: 1e300 }).map((x) => x + 0);
    const finite = fc.oneof(quarter, finiteDouble);
    const inputs = fc.array(fc.tuple(quarter, quarter, quarter), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(arbitraryTrees(FEATURES, finite), inputs, (trees, rows) => {
        const forest = toForest(trees, FEATURES, 'float64');
        const models: MlCartTree[] = JSON.parse(JSON.stringify(forestToMlCart(forest)));
        const loaded = models.map((model) => DecisionTreeRegression.load(model));
        for (const row of rows) {
          const sum = loaded.reduce((total, tree) => total + tree.predict([row])[0]!, 0);
          expect(forest.predict(row)).toBe(sum);
        }
        expect(forestFromMlCart(models, { featureCount: FEATURES, aggregation: 'sum' })).toEqual(
          forest,
        );
      }),
    );
  });

  test('refuses other JSON', () => {
    const options = { featureCount: 1, aggregation: 'sum' } as const;
    const classifier = { name: 'DTClassifier', options: {}, root: {} } as unknown as MlCartTree;
    const broken: MlCartTree = { name: 'DTRegression', options: {}, root: { splitColumn: 0 } };
    const beyond = { ...broken, root: { splitColumn: 5, splitValue: 1, left: {}, right: {} } };
    beyond.root.left = beyond.root.right = { distribution: 1 };
    for (const model of [classifier, broken, beyond, {} as MlCartTree]) {
      expect(() => forestFromMlCart([model], options)).toThrow(
        expect.objectContaining({ code: 'E_WEIGHTS' }),
      );
    }
  });
});

describe('trainRegressionTree', () => {
  test('grows the tree that ml-cart grows', () => {
    fc.assert(
      fc.property(dataset, ({ rows, target }) => {
        const oracle = new DecisionTreeRegression({ minNumSamples: 3 });
        oracle.train(rows, target);
        const tree = trainRegressionTree(
          { features: columns(rows), featureCount: FEATURES, target: Float64Array.from(target) },
          { minSamplesSplit: 4 },
        );
        const expected = oracle.predict(rows);
        rows.forEach((row, i) => {
          expect(tree.predict(row)).toBeCloseTo(expected[i]!, 4);
        });
      }),
      { numRuns: 30 },
    );
  });
});
