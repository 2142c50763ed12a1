import { describe, expect, test } from '@jest/globals';
import { latencyMetrics } from '@nnmeter/latency-model';
import fc from 'fast-check';

test('a worked example', () => {
  // Relative errors 0, +10 %, -20 %, +4 %; errors 0, 1, -4, 2 ms.
  const metrics = latencyMetrics([10, 11, 16, 52], [10, 10, 20, 50]);
  expect(metrics.count).toBe(4);
  expect(metrics.rmse).toBeCloseTo(Math.sqrt(21 / 4), 12);
  expect(metrics.rmspe).toBeCloseTo(Math.sqrt((0.01 + 0.04 + 0.0016) / 4), 12);
  expect(metrics.mape).toBeCloseTo(0.085, 12);
  expect(metrics.bias).toBeCloseTo(-0.015, 12);
  expect(metrics).toMatchObject({ within5: 0.5, within10: 0.75, within15: 0.75 });
});

test('predictions that are right have no error', () => {
  const latencies = fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(latencies, (measured) => {
      const perfect = { rmse: 0, rmspe: 0, mape: 0, bias: 0, within5: 1, within10: 1, within15: 1 };
      expect(latencyMetrics(measured, measured)).toEqual({ count: measured.length, ...perfect });
    }),
  );
});

test('relative figures do not depend on the unit', () => {
  const pair = fc.tuple(
    fc.double({ min: 1, max: 100, noNaN: true }),
    fc.double({ min: 1, max: 100, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1 }), (pairs) => {
      const inUnit = (unit: number) =>
        latencyMetrics(
          Float64Array.from(pairs, ([predicted]) => predicted * unit),
          pairs.map(([, measured]) => measured * unit),
        );
      expect(inUnit(1024).rmspe).toBeCloseTo(inUnit(1).rmspe, 10);
      expect(inUnit(1024).within10).toBe(inUnit(1).within10);
      expect(inUnit(1024).rmse).toBeCloseTo(inUnit(1).rmse * 1024, 6);
    }),
  );
});

describe('what cannot be compared', () => {
  test.each([
    ['lists of different length', [1, 2], [1], /2 predictions but 1 measurements/],
    ['empty lists', [], [], /no predictions/],
    ['a prediction that is no number', [1, Number.NaN], [1, 2], /prediction 1 is NaN/],
    ['a measurement of zero', [1, 1], [1, 0], /measurement 1 is 0/],
    ['a negative measurement', [1], [-3], /measurement 0 is -3/],
    ['an infinite measurement', [1], [Infinity], /measurement 0 is Infinity/],
    ['a measurement that is no number', [1], [Number.NaN], /measurement 0 is NaN/],
  ])('%s', (_, predicted, measured, message) => {
    const compare = () => latencyMetrics(predicted, measured);
    expect(compare).toThrow(message);
    expect(compare).toThrow(expect.objectContaining({ code: 'E_MEASUREMENTS' }));
  });
});
