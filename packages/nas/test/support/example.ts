import { readFileSync } from 'node:fs';
import { type LatencyTable, type Sample, TableScorer } from '@nnmeter/nas';

function fixture(name: string): URL {
  return new URL(`../../../../fixtures/nas/${name}`, import.meta.url);
}

/** The example of the format, with made-up figures. */
export function exampleTable(): LatencyTable {
  return JSON.parse(readFileSync(fixture('example-table.json'), 'utf8'));
}

export interface ExampleScore {
  readonly sample: Sample;
  readonly ms: readonly number[];
  readonly novelMs: readonly number[];
  readonly estimatedMs: readonly number[];
  readonly macs: number;
  readonly parameters: number;
  readonly activationBytes: number;
}

export const exampleScores: readonly ExampleScore[] = JSON.parse(
  readFileSync(fixture('example-scores.json'), 'utf8'),
);

/**
 * A space of 6 choices of 4 values each whose latencies are sums of digits: 4096 candidates on two devices that are at odds.
 */
export function digitScorer(): TableScorer {
  const labels = ['a', 'b', 'c', 'd', 'e', 'f'];
  const zeros = [0, 0, 0, 0];
  return new TableScorer({
    format: 'nnmeter-latency-table',
    version: 1,
    madeBy: 'a test',
    space: { name: 'digits', hash: 'digits', input: [1, 3, 32, 32] },
    choices: Object.fromEntries(labels.map((label) => [label, { values: [0, 1, 2, 3] }])),
    devices: ['slow', 'fast'].map((name) => ({
      ...{ name, aliases: [], version: '1', product: name, interval: null },
    })),
    base: {
      ...{ ms: [10, 10], kernels: [1, 1], novelMs: [0, 0], estimatedMs: [0, 0] },
      ...{ macs: 1, parameters: 1, activationBytes: 1 },
    },
    terms: labels.map((label) => ({
      labels: [label],
      ms: [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
      ],
      kernels: [zeros, zeros],
      novelMs: [zeros, zeros],
      estimatedMs: [zeros, zeros],
      macs: [0, 1, 2, 3],
      parameters: [0, 1, 2, 3],
      activationBytes: zeros,
    })),
    check: { candidates: 0, seed: 0, maxRelativeError: [0, 0] },
  });
}
