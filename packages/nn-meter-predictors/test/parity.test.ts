import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { frontend } from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import {
  benchDataset,
  createNnMeterPredictor,
  nnMeterReleases,
} from '@nnmeter/nn-meter-predictors';
import { benchFiles, hasShared, sharedPath } from '../../../tests/support/shared.ts';
import { officialRules, readFixture, tinyForests } from './support/fixtures.ts';

interface Rows {
  readonly rows: number[][];
  readonly predictions: number[];
}

interface Case {
  readonly model: string;
  readonly source: 'bench' | 'onnx';
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

async function readGraph({ model, source }: Case): Promise<Graph> {
  if (source === 'onnx') return frontend.fileToGraph(sharedPath(`models/onnx/${model}`));
  return readNnMeterIr((await benchGraphs).get(model), { name: model });
}

const cases = Object.entries(readFixture<Record<string, Case>>('parity.json'));
const benchGraphs = hasShared ? findBenchGraphs() : Promise.resolve(new Map<string, unknown>());

async function findBenchGraphs(): Promise<Map<string, unknown>> {
  const wanted = cases.filter(([, { source }]) => source === 'bench').map(([, { model }]) => model);
  const found = new Map<string, unknown>();
  for (const family of benchFiles) {
    const ids = new Set(wanted.filter((id) => id.startsWith(family)));
    for await (const { id, graph } of benchDataset(sharedPath(`bench/${family}s.jsonl.gz`))) {
      if (ids.delete(id)) found.set(id, graph);
      if (ids.size === 0) break;
    }
  }
  return found;
}

describe('with the same forests, the latency of a model is that of nn-Meter 2.0', () => {
  if (!hasShared) test.skip('30 graphs on 3 devices (skipped: ../shared absent)', () => {});
  for (const [name, parity] of hasShared ? cases : []) {
    test(name, async () => {
      const graph = await readGraph(parity);
      const devices = Object.keys(parity.latencyMs);
      expect(devices).toHaveLength(3);
      for (const device of devices) {
        const predictor = predictorOf(device);
        const report = predictor.predictGraph(graph);
        const expected = parity.latencyMs[device]!;
        expect(Math.abs(report.latencyMs - expected)).toBeLessThanOrEqual(1e-9 * expected);
        expect(predictor.estimateTotal(graph)).toBe(report.latencyMs);
      }
    });
  }
});
