import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type LatencyTable, TableScorer } from '@nnmeter/nas';
import { Ajv } from 'ajv';
import { exampleScores, exampleTable } from './support/example.ts';

const schemas = ['latency-table', 'space', 'sample'].map((name) =>
  JSON.parse(readFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), 'utf8')),
);
const ajv = new Ajv({ schemas, allowUnionTypes: true });
const isTable = ajv.getSchema('https://nnmeter.dev/schema/latency-table.schema.json')!;

test('the example is as the schema says', () => {
  isTable(exampleTable());
  expect(isTable.errors).toBeNull();
  expect(isTable({ ...exampleTable(), base: {} })).toBe(false);
});

test.each(exampleScores)('the example scores $sample', ({ sample, ...expected }) => {
  const scorer = new TableScorer(exampleTable());
  const { latency, ...sizes } = scorer.figures(sample);
  expect(sizes).toEqual({
    macs: expected.macs,
    parameters: expected.parameters,
    activationBytes: expected.activationBytes,
  });
  expect(Object.values(latency).map(({ ms }) => ms)).toEqual(expected.ms);
  // docs/latency-table.md
  const [ms = 0] = expected.ms;
  const { known, novel, estimated } = exampleTable().devices[0]!.interval!;
  const [below, above] = [known[0]!, known[1]!];
  const time = ms / exampleTable().base.kernels[0]!;
  expect(time).toBeGreaterThan(below.perKernelMs);
  const place = Math.min(
    1,
    Math.log(time / below.perKernelMs) / Math.log(above.perKernelMs / below.perKernelMs),
  );
  const width =
    Math.hypot(
      below.width * (above.width / below.width) ** place,
      novel * Math.sqrt((expected.novelMs[0] ?? 0) / ms),
    ) +
    estimated * ((expected.estimatedMs[0] ?? 0) / ms);
  expect(latency.examplecpu!.interval!.low).toBeCloseTo(ms / (1 + width), 12);
  expect(latency.examplecpu!.interval!.high).toBeCloseTo(ms * (1 + width), 12);
  expect(latency.examplegpu!.interval).toBeNull();
});

test.each([
  [{ width: 1, depth: 1 }, /no "block_1"/],
  [{ width: 1, depth: 4, block_1: 'k3' }, /"depth" cannot be 4; it is one of 1, 2, 3/],
  [{ width: '1', depth: 1, block_1: 'k3' }, /"width" cannot be "1"/],
  [{ width: 1, depth: 2, block_1: 'k3', block_2: 'k3' }, /no "squeeze_2"/],
  [{ wdth: 1 }, /no choice "wdth"/],
  [[], /a sample is an object/],
])('%j is no sample of the example', (sample, message) => {
  const scorer = new TableScorer(exampleTable());
  expect(() => scorer.figures(sample as never)).toThrow(message);
});

test('devices go by aliases in any case', () => {
  const scorer = new TableScorer(exampleTable());
  expect(scorer.deviceOf('CPU')).toBe(0);
  expect(() => scorer.deviceOf('npu')).toThrow(/no device "npu"; it has examplecpu, examplegpu/);
});

const broken = (change: (table: Record<string, unknown>) => void): unknown => {
  const table = structuredClone(exampleTable()) as unknown as Record<string, unknown>;
  change(table);
  return table;
};
test.each<[unknown, RegExp]>([
  [null, /no latency table/],
  [{ format: 'something' }, /no latency table/],
  [broken((table) => Object.assign(table, { version: 3 })), /has version 3/],
  [broken((table) => Object.assign(table, { base: {} })), /incomplete/],
  [
    broken(({ devices }) => Object.assign((devices as object[])[0]!, { reloads: [{}] })),
    /incomplete/,
  ],
  [
    broken(({ devices }) =>
      Object.assign((devices as object[])[0]!, { reloads: [{ beyondMB: 4, msPerMB: 1 }] }),
    ),
    /incomplete/,
  ],
  [
    broken((table) => Object.assign((table.base as object) ?? {}, { macs: null })),
    /lacks a number in its macs/,
  ],
  [
    broken((table) => Object.assign(table, { choices: { width: { values: [1, 1] } } })),
    /value 1 twice/,
  ],
  [
    broken((table) => {
      (table as unknown as { terms: { macs: number[] }[] }).terms[0]!.macs.push(1);
    }),
    /has 4 entries where its choices have 3/,
  ],
])('a table that is none is one error: %#', (table, message) => {
  expect(() => new TableScorer(table as LatencyTable)).toThrow(message);
});
