import { describe, expect, test } from '@jest/globals';
import type { Graph } from '@nnmeter/ir';
import { createNnMeterPredictor, nnMeterReleases } from '@nnmeter/nn-meter-predictors';
import { hasShared } from '../../../tests/support/shared.ts';
import { officialRules, readFixture, tinyForests } from './support/fixtures.ts';
import { graphInFile, rebuiltGraph } from './support/parity-graphs.ts';

interface Rows {
  readonly rows: number[][];
  readonly predictions: number[];
}

interface Case {
  /** Sums of scikit-learn's own predictions over the features that nn-Meter 2.0 computed, by device. */
  readonly latencyMs: Readonly<Record<string, number>>;
}

const forests = tinyForests();

test('single predictions are those of scikit-learn, bit for bit', () => {
  const expected = Object.entries(readFixture<Record<string, Rows>>('rows.json'));
  expect(expected).toHaveLength(16);
  for (const [kernel, { rows, predictions }] of expected) {
    expect(rows.map((row) => forests.get(kernel)!.predict(row))).toEqual(predictions);
  }
});

/** The predictor of a device, with the forests of the fixture that the published one has. */
function predictorOf(device: string) {
  const {
    name,
    aliases,
    version,
    device: facts,
    kernels,
  } = nnMeterReleases.find((release) => release.name === device)!;
  return createNnMeterPredictor({
    name,
    aliases,
    version,
    device: facts,
    fusionRules: officialRules(device),
    regressors: new Map([...forests].filter(([kernel]) => kernels.includes(kernel))),
  });
}

const cases = Object.entries(readFixture<Record<string, Case>>('parity.json'));

function expectLatencies(graph: Graph, latencyMs: Case['latencyMs']): void {
  const devices = Object.keys(latencyMs);
  expect(devices).toHaveLength(3);
  for (const device of devices) {
    const predictor = predictorOf(device);
    const report = predictor.predictGraph(graph);
    const expected = latencyMs[device]!;
    expect(Math.abs(report.latencyMs - expected)).toBeLessThanOrEqual(1e-9 * expected);
    expect(predictor.totalMs(graph)).toBe(report.latencyMs);
  }
}

describe('with the same forests, the latency of a model is that of nn-Meter 2.0', () => {
  test.each(cases)('%s, rebuilt', (name, { latencyMs }) => {
    expectLatencies(rebuiltGraph(name), latencyMs);
  });

  (hasShared ? test : test.skip).each(cases)('%s in its file', async (name, { latencyMs }) => {
    expectLatencies(await graphInFile(name), latencyMs);
  });
});
