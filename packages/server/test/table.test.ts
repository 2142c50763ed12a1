import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createService, type SampleScores } from '@nnmeter/server';
import { FIXTURES } from './support.ts';

const read = (name: string) => readFileSync(`${FIXTURES}/nas/${name}`, 'utf8');
const TEXT = read('example-table.json');
const TABLE = JSON.parse(TEXT);
/** Samples, and what each is worth by the rules in docs/latency-table.md, worked out by hand. */
const SCORES: {
  sample: Record<string, unknown>;
  ms: number[];
  macs: number;
  parameters: number;
  activationBytes: number;
}[] = JSON.parse(read('example-scores.json'));
const samples = SCORES.map(({ sample }) => sample);

async function ask(params: Record<string, unknown>, text: () => string = () => TEXT) {
  const service = createService({
    predictors: [],
    openText: async () => ({ version: text(), readText: async () => text() }),
  });
  const { json, code } = await service.answer({ method: 'table', params });
  return { code, value: JSON.parse(json) };
}

test('samples are worth what the rules of tables say', async () => {
  for (const where of [{ table: TABLE }, { path: 'table.json' }]) {
    const { value } = await ask({ ...where, samples });
    const scores = value as SampleScores;
    expect(scores.devices).toEqual(['examplecpu', 'examplegpu']);
    for (const [index, { sample: _, ...score }] of SCORES.entries()) {
      const { ms, macs, parameters, activationBytes } = scores;
      expect(score).toMatchObject({
        ms: ms[index],
        macs: macs[index],
        parameters: parameters[index],
        activationBytes: activationBytes[index],
      });
    }
  }
});

test('devices go by any of their names', async () => {
  const { value } = await ask({ table: TABLE, devices: ['CPU'], samples });
  expect(value).toMatchObject({
    devices: ['examplecpu'],
    ms: SCORES.map(({ ms }) => [ms[0]]),
  });
});

test('a table that was written again is read again', async () => {
  let text = TEXT;
  const service = createService({
    predictors: [],
    openText: async () => ({ version: text, readText: async () => text }),
  });
  const msOf = async () => {
    const params = { path: 'table.json', samples: [samples[0]] };
    return JSON.parse((await service.answer({ method: 'table', params })).json).ms[0][0];
  };
  const before = await msOf();
  text = TEXT.replace('"ms": [2, 1]', '"ms": [12, 1]');
  expect(await msOf()).toBeCloseTo(before + 10, 12);
});

test.each([
  ['no table', { samples }, 'E_USAGE', /one of path and table/],
  ['no samples', { table: TABLE }, 'E_USAGE', /^samples: /],
  ['another file', { table: { a: 1 }, samples }, 'E_INVALID_INPUT', /no latency table/],
  ['a device it lacks', { table: TABLE, samples, devices: ['tpu'] }, 'E_UNKNOWN_PREDICTOR', /tpu/],
  [
    'a label it lacks',
    { table: TABLE, samples: [samples[0], { x: 1 }] },
    'E_INVALID_INPUT',
    /sample 1/,
  ],
])('%s is one error', async (_, params, code, message) => {
  const answer = await ask(params);
  expect(answer.code).toBe(code);
  expect(answer.value.message).toMatch(message);
});

test('a file that is no table is named', async () => {
  const { value } = await ask({ path: 'notes.txt', samples }, () => 'notes');
  expect(value.message).toMatch(/^notes\.txt: this is no JSON/);
});
