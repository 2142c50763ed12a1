import { describe, expect, test } from '@jest/globals';
import { Forest } from '@nnmeter/forest';
import { type Graph, GraphBuilder } from '@nnmeter/ir';
import { createNnMeterPredictor, nnMeterReleases } from '@nnmeter/nn-meter-predictors';
import { officialRules, tinyForests } from './support/fixtures.ts';

const cpu = nnMeterReleases[0]!;
const forests = tinyForests();

function predict(graph: Graph, regressors: ReadonlyMap<string, Forest> = forests) {
  const fusionRules = officialRules(cpu.name);
  return createNnMeterPredictor({ ...cpu, fusionRules, regressors }).predictGraph(graph);
}

/** One convolution and what follows. */
function network(options: { shape?: number[]; groups?: number; kernel?: [number, number] }): Graph {
  const b = new GraphBuilder('net');
  const image = b.input('image', options.shape ?? [1, 8, 32, 32]);
  const { groups = 1, kernel = [3, 3] } = options;
  return b.build(b.softmax(b.conv(image, 16, { kernel, groups, padding: 1, name: 'stem' })));
}

test('what the original counts as 0 ms is uncounted, warned about and not covered', () => {
  const report = predict(network({}));
  expect(report.kernels.map(({ type, basis }) => [type, basis])).toEqual([
    ['conv', 'measured'],
    ['Softmax', 'uncounted'],
  ]);
  expect(report.latencyMs).toBe(report.kernels[0]!.latencyMs);
  expect(report.interval).toBeNull();
  expect(report.coverage).toEqual({ macs: 1, nodes: 0.5 });
  expect(report.warnings).toEqual([expect.stringMatching(/counted as 0 ms.*: Softmax$/)]);
  expect(report.extrapolation).toEqual([]);
});

test('a device without the forest of a kernel does not count it', () => {
  const report = predict(network({}), new Map([['fc', forests.get('fc')!]]));
  expect(report).toMatchObject({ latencyMs: 0, coverage: { macs: 0, nodes: 0 } });
  expect(report.warnings.join()).toMatch(/Softmax, conv/);
});

describe('what its features cannot tell is said', () => {
  test.each([
    [{ groups: 4 }, ['groups']],
    [{ shape: [2, 8, 32, 32] }, ['batch']],
    [{ shape: [1, 8, 32, 64] }, ['non-square']],
    [{ kernel: [1, 3] as [number, number] }, ['non-square']],
  ])('%j: %j', (options, extrapolation) => {
    expect(predict(network(options)).extrapolation).toEqual(extrapolation);
  });

  test('a grouped convolution costs as much as a dense one', () => {
    const [grouped, dense] = [predict(network({ groups: 4 })), predict(network({}))];
    expect(grouped.latencyMs).toBe(dense.latencyMs);
    expect(grouped.warnings[0]).toMatch(/grouped convolutions.*1 of them.*"stem"/);
  });
});

test('a concat forest of the builder, without the number of inputs, gets the five features it knows', () => {
  // One split: the third feature, channels of the second input, at 20.
  const forest = (third: number) =>
    new Forest({
      featureCount: 5,
      aggregation: 'mean',
      feature: Int16Array.of(third, -1, -1),
      value: Float64Array.of(20, 1, 2),
    });
  const b = new GraphBuilder('net');
  const inputs = [16, 24].map((channels, k) => b.input(`x${k}`, [1, channels, 14, 14]));
  const graph = b.build(b.concat(inputs, 1));
  expect(predict(graph, new Map([['concat', forest(1)]])).latencyMs).toBe(1);
  expect(predict(graph, new Map([['concat', forest(2)]])).latencyMs).toBe(2);
});
