import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { decodeForest, encodeForest } from '@nnmeter/forest';
import { readSklearnForest } from '@nnmeter/sklearn-pickle';
import { hasShared, sharedPath } from '../../../tests/support/shared.ts';

interface Expected {
  estimator: string;
  rows: number[][];
  predictions: number[];
}

const fixtures = new URL('../fixtures/', import.meta.url);
const files = readdirSync(fixtures).filter((name) => name.endsWith('.json'));

function readFixture(name: string): Uint8Array {
  return readFileSync(new URL(name, fixtures));
}

describe('forests written by scikit-learn', () => {
  test('there are fixtures of 6 versions and all protocols', () => {
    const versions = new Set(files.map((name) => name.split('-')[1]));
    expect([...versions]).toEqual(['0.19.2', '0.20.4', '0.24.2', '1.0.2', '1.3.2', '1.7.2']);
  });

  test.each(files)('%s: predictions are bit-identical', (file) => {
    const expected: Expected = JSON.parse(Buffer.from(readFixture(file)).toString());
    const read = readSklearnForest(readFixture(file.replace('.json', '.pkl')));
    expect(read.estimator).toBe(expected.estimator);
    expect(read.sklearnVersion).toBe(file.split('-')[1]);
    expect(expected.rows.map((row) => read.forest.predict(row))).toEqual(expected.predictions);
    expect([...read.forest.predictBatch(Float64Array.from(expected.rows.flat()))]).toEqual(
      expected.predictions,
    );
    expect(decodeForest(encodeForest(read.forest))).toEqual(read.forest);
  });
});

describe('forests written by other projects (../shared/pickles)', () => {
  if (!hasShared) {
    test.skip('skipped: ../shared absent', () => {});
    return;
  }
  const expected: Record<
    string,
    { X: number[][]; y: number[]; n_estimators: number; total_nodes: number }
  > = JSON.parse(readFileSync(sharedPath('pickles/expected.json'), 'utf8'));
  test.each(Object.entries(expected))('%s', (name, { X, y, n_estimators, total_nodes }) => {
    const { forest } = readSklearnForest(readFileSync(sharedPath(`pickles/${name}`)));
    expect(X.map((row) => forest.predict(row))).toEqual(y);
    expect(forest.treeCount).toBe(n_estimators);
    expect(forest.nodeCount).toBe(total_nodes);
  });
});
