import { describe, expect, test } from '@jest/globals';
import { type AggregatedData, encodeForest, trainAggregatedBoosting } from '@nnmeter/forest';
import { hiddenKernels, rootMeanSquare } from './synthetic.ts';

const { data, truth } = hiddenKernels({ kernels: 1500, models: 1200, seed: 4 });
const models = data.measured.length;
const modelWeight = Float64Array.from({ length: models }, (_, i) => (i % 4 === 0 ? 0 : 1));
const quick = { rounds: 40, seed: 7 };

function heldOutError(predicted: Float64Array): number {
  const errors: number[] = [];
  for (let i = 0; i < models; i += 4) errors.push(predicted[i]! / data.measured[i]! - 1);
  return rootMeanSquare(errors);
}

describe('trainAggregatedBoosting', () => {
  const errors: number[] = [];
  const result = trainAggregatedBoosting(
    { ...data, modelWeight },
    { ...quick, onProgress: ({ predicted }) => errors.push(heldOutError(predicted)) },
  );

  test('finds kernel times from totals alone', () => {
    expect(errors).toHaveLength(41);
    expect(errors[0]).toBeGreaterThan(0.08);
    expect(heldOutError(result.predicted)).toBeLessThan(0.02);
    const before = rootMeanSquare(truth.map((time, j) => Math.log(data.baseTime[j]! / time)));
    const after = rootMeanSquare(
      truth.map((time, j) => Math.log(data.baseTime[j]! / time) + result.correction[j]!),
    );
    expect(after).toBeLessThan(before / 4);
  });

  test('the forest is the correction, and the correction gives the totals', () => {
    const { featureCount, baseTime, features, modelStart, kernelIndex, uses, constant } = data;
    const kernels = baseTime.length;
    for (let j = 0; j < kernels; j++) {
      const row = Array.from({ length: featureCount }, (_, f) => features[f * kernels + j]!);
      expect(result.forest.predict(row)).toBeCloseTo(result.correction[j]!, 12);
    }
    for (let i = 0; i < models; i++) {
      let total = constant![i]!;
      for (let p = modelStart[i]!; p < modelStart[i + 1]!; p++) {
        const j = kernelIndex[p]!;
        total += uses[p]! * baseTime[j]! * Math.exp(result.correction[j]!);
      }
      expect(result.predicted[i]).toBeCloseTo(total, 10);
    }
  });

  test('depends on data, options and seed alone', () => {
    const bytes = (options: object) =>
      encodeForest(trainAggregatedBoosting({ ...data, modelWeight }, options).forest);
    const few = { rounds: 5, featureFraction: 0.5 };
    expect(bytes({ ...few, seed: 1 })).toEqual(bytes({ ...few, seed: 1 }));
    expect(bytes({ ...few, seed: 1 })).not.toEqual(bytes({ ...few, seed: 2 }));
  });

  test('held-out measurements do not matter', () => {
    const measured = data.measured.map((y, i) => (i % 4 === 0 ? y * 3 : y));
    const other = trainAggregatedBoosting({ ...data, measured, modelWeight }, quick);
    expect(other.forest).toEqual(result.forest);
  });

  test('a prior keeps kernels at their base time', () => {
    const kernelPrior = new Float64Array(data.baseTime.length).fill(1e6);
    const { correction } = trainAggregatedBoosting({ ...data, kernelPrior }, quick);
    expect(Math.max(...correction.map(Math.abs))).toBeLessThan(1e-3);
  });

  test('a few absurd measurements do little harm', () => {
    const measured = data.measured.map((y, i) => (i % 50 === 1 ? y * 20 : y));
    const { predicted } = trainAggregatedBoosting({ ...data, measured, modelWeight }, quick);
    expect(heldOutError(predicted)).toBeLessThan(0.04);
  });

  test('corrections stay within their bound', () => {
    const measured = data.measured.map((y) => y * 10);
    const { correction } = trainAggregatedBoosting({ ...data, measured }, quick);
    expect(Math.max(...correction)).toBeCloseTo(Math.log(2.5), 12);
  });

  test('reports progress and the time left', () => {
    const rounds: number[] = [];
    trainAggregatedBoosting(data, {
      rounds: 3,
      onProgress: ({ round, remaining }) => {
        rounds.push(round);
        if (round > 0) expect(remaining).toBeGreaterThanOrEqual(0);
      },
    });
    expect(rounds).toEqual([0, 1, 2, 3]);
  });

  test.each<[string, Partial<AggregatedData>]>([
    ['measured[2] is 0', { measured: data.measured.map((y, i) => (i === 2 ? 0 : y)) }],
    ['measured[0] is NaN', { measured: data.measured.map((y, i) => (i === 0 ? Number.NaN : y)) }],
    ['baseTime[5] is -1', { baseTime: data.baseTime.map((t, j) => (j === 5 ? -1 : t)) }],
    [
      'kernelIndex[1] is 1500',
      { kernelIndex: data.kernelIndex.map((j, p) => (p === 1 ? 1500 : j)) },
    ],
    ['features has 6000 entries, expected 7500', { featureCount: 5 }],
    ['modelStart must rise', { modelStart: data.modelStart.map((p, i) => (i === 3 ? 0 : p)) }],
    ['uses has 1 entries', { uses: Float32Array.of(1) }],
  ])('refuses data: %s', (message, change) => {
    expect(() => trainAggregatedBoosting({ ...data, ...change }, quick)).toThrow(message);
  });

  test.each([
    ['rounds is 0', { rounds: 0 }],
    ['depth is 40', { depth: 40 }],
    ['bins is 300', { bins: 300 }],
    ['lambda is 0', { lambda: 0 }],
  ])('refuses options: %s', (message, options) => {
    expect(() => trainAggregatedBoosting(data, options)).toThrow(message);
  });

  test('refuses to train on nothing', () => {
    const nothing = { ...data, modelWeight: new Float64Array(models) };
    expect(() => trainAggregatedBoosting(nothing)).toThrow('models with weight is 0');
  });
});
