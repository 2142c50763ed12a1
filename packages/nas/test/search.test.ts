import { appendFileSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  type Evaluator,
  latencyFilter,
  type Objective,
  type SearchOptions,
  search,
  searchFronts,
  searchResult,
  settleObjectives,
  sizeFilter,
  strategyNamed,
  strategyNames,
  surveyFilters,
} from '@nnmeter/nas';
import { openSearchJournal, readSearchJournal, type SearchHeader } from '@nnmeter/nas/node';
import fc from 'fast-check';
import { digitScorer } from './support/example.ts';

const scorer = digitScorer();
const objectives: readonly Objective[] = [
  { name: 'slow', goal: 'minimize' },
  { name: 'accuracy', goal: 'maximize' },
];

/** Trains nobody; later candidates are done first. */
function trainer(parallel = 1, seen: number[] = []): Evaluator {
  return {
    name: 'a test',
    parallel,
    async evaluate({ id, sample, values }) {
      seen.push(values.slow!);
      await new Promise((resolve) => setTimeout(resolve, parallel === 1 ? 0 : (7 - (id % 7)) / 2));
      const accuracy = Object.values(sample).reduce<number>(
        (sum, digit) => sum + Math.sqrt(Number(digit)),
        50,
      );
      return { values: { accuracy } };
    },
    async close() {},
  };
}

function options(change: Partial<SearchOptions> = {}): SearchOptions {
  return {
    ...{ scorer, objectives, filters: [], strategy: strategyNamed('nsga2'), seed: 1 },
    ...{ evaluations: 60, evaluator: trainer(), ...change },
  };
}

test('nothing over the limit reaches the evaluator, whatever the strategy, limit and seed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...strategyNames),
      fc.integer({ min: 11, max: 27 }),
      fc.integer({ min: 0, max: 8 }),
      fc.integer(),
      async (name, maxMs, below, seed) => {
        const seen: number[] = [];
        const minMs = Math.max(10, maxMs - below);
        const filters = [latencyFilter(scorer, { device: 'slow', maxMs, minMs })];
        const single = [{ name: 'accuracy', goal: 'maximize' as const }];
        const found = await search(
          options({
            ...{ filters, seed, evaluations: 40, evaluator: trainer(1, seen) },
            ...{ strategy: strategyNamed(name), objectives: single },
          }),
        );
        expect(seen).toHaveLength(found.length);
        expect(found.length).toBeGreaterThan(0);
        for (const ms of seen) expect(ms >= minMs && ms <= maxMs).toBe(true);
        expect(new Set(found.map(({ sample }) => JSON.stringify(sample))).size).toBe(found.length);
      },
    ),
    { numRuns: 20 },
  );
});

test('the same seed gives the same search, however many are evaluated at once and whenever they are done', async () => {
  const once = await search(options({ evaluator: trainer(3) }));
  const again = await search(options({ evaluator: trainer(3) }));
  const other = await search(options({ evaluator: trainer(3), seed: 2 }));
  expect(again).toEqual(once);
  expect(other).not.toEqual(once);
});

test('grid comes to an end, and refuses what has none', async () => {
  const all = await search(
    options({
      strategy: strategyNamed('grid'),
      evaluations: 10_000,
      objectives: objectives.slice(0, 1),
      evaluator: undefined,
    }),
  );
  expect(all).toHaveLength(4096);
  const fronts = searchFronts(
    all,
    [...objectives.slice(0, 1), { name: 'fast', goal: 'minimize' }],
    1,
  );
  // slow + fast is the same for all: nothing dominates anything.
  expect(fronts[0]).toHaveLength(4096);
  expect(() =>
    strategyNamed('grid')({
      choices: { size: () => 10n ** 40n, labels: [], values: [] } as never,
      ...{ objectives: 1, draw: () => undefined },
    }),
  ).toThrow(/a grid over 10\^40 samples comes to no end/);
});

test.each(strategyNames)('%s goes on from its state as JSON as if it had not stopped', (name) => {
  const context = {
    choices: scorer.choices,
    objectives: 1,
    draw: (random: () => number) => Uint8Array.from({ length: 6 }, () => Math.floor(random() * 4)),
  };
  const run = (strategy: ReturnType<ReturnType<typeof strategyNamed>>, from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => {
      let state = from + index + 1;
      const random = () => {
        state = (state * 16807) % 2147483647;
        return state / 2147483647;
      };
      const genome = strategy.ask(random, () => true)!;
      strategy.tell(genome, [genome.reduce((sum, digit) => sum + digit, 0)]);
      return [...genome];
    });
  const whole = strategyNamed(name, 8)(context);
  const expected = run(whole, 0, 60);
  const first = strategyNamed(name, 8)(context);
  const start = run(first, 0, 30);
  const resumed = strategyNamed(name, 8)(context, JSON.parse(JSON.stringify(first.state)));
  expect([...start, ...run(resumed, 30, 60)]).toEqual(expected);
});

test('a few hundred evaluations find the best of 4096', async () => {
  for (const name of ['evolution', 'local', 'nsga2'] as const) {
    const found = await search(
      options({
        ...{ strategy: strategyNamed(name), evaluations: 300 },
        objectives: [{ name: 'accuracy', goal: 'maximize' }],
      }),
    );
    const best = Math.max(...found.map(({ values }) => values!.accuracy!));
    expect(best).toBeCloseTo(50 + 6 * Math.sqrt(3), 9);
  }
});

test('evolution is of one objective', async () => {
  await expect(search(options({ strategy: strategyNamed('evolution') }))).rejects.toThrow(
    /one objective, not 2; choose nsga2/,
  );
  expect(() => strategyNamed('annealing')).toThrow(/there are random, grid/);
  expect(() => strategyNamed('nsga2', 1)).toThrow(/whole number from 2/);
});

test('limits: what passes, what all pass, what none does', () => {
  const filter = (maxMs: number) => [latencyFilter(scorer, { device: 'slow', maxMs })];
  // Sums of six digits up to 3: symmetric around 9.
  const half = surveyFilters(scorer, filter(18.5));
  expect(half.share).toBeGreaterThan(0.4);
  expect(half.share).toBeLessThan(0.5);
  expect(half.warnings).toEqual([]);
  expect(surveyFilters(scorer, filter(28)).warnings).toEqual([
    expect.stringMatching(/^slow at most 28 ms: every one .* filters nothing$/),
  ]);
  expect(() => surveyFilters(scorer, filter(0.05))).toThrow(
    /no candidate of space digits passes: slow at most 0.05 ms; limits are in ms; the fastest that were found are slow 10\.00 ms, fast 10\.00 ms/,
  );
  // Only 0 0 0 0 0 0 passes: found by repair.
  expect(surveyFilters(scorer, filter(10)).share).toBeLessThan(0.002);
});

test.each([
  [{ device: 'slow', maxMs: -1 }, /positive number, not -1/],
  [{ device: 'slow', maxMs: Number.NaN }, /positive number, not NaN/],
  [{ device: 'slow' }, /has no limit/],
  [{ device: 'slow', minMs: 5, maxMs: 4 }, /cannot be at least 5 and at most 4/],
  [{ device: 'quick', maxMs: 4 }, /no device "quick"/],
  [{ device: 'slow', maxMs: 4, use: 'upper' as const }, /tells no interval/],
])('%j is no limit', (limit, message) => {
  expect(() => latencyFilter(scorer, limit)).toThrow(message);
});

test('sizes are limits too', () => {
  const [share] = surveyFilters(scorer, [sizeFilter(scorer, 'macs', { max: 10 })]).shares;
  expect(share).toMatchObject({ filter: 'macs at most 10' });
});

test('objectives that nobody knows are refused before anything is evaluated', async () => {
  const accuracy = { name: 'accuracy', goal: 'maximize' } as const;
  expect(() => settleObjectives(scorer, [accuracy], false)).toThrow(
    /nobody knows the objective "accuracy"/,
  );
  expect(() => settleObjectives(scorer, [accuracy, accuracy], true)).toThrow(
    /"accuracy" is an objective twice/,
  );
  expect(() => settleObjectives(scorer, [], true)).toThrow(/needs an objective/);
  const top1 = [{ name: 'top1', goal: 'maximize' } as const];
  await expect(search(options({ objectives: top1 }))).rejects.toMatchObject({
    code: 'E_EVALUATOR',
    message: expect.stringMatching(/did not answer "top1"; it answered "accuracy"/),
  });
});

test('a candidate that fails is passed over; five in a row are the evaluator', async () => {
  const failing = (fails: (id: number) => boolean): Evaluator => ({
    ...trainer(),
    evaluate: async (request) =>
      fails(request.id) ? { failed: 'no memory' } : trainer().evaluate(request),
  });
  const some = await search(options({ evaluator: failing((id) => id % 3 === 0) }));
  expect(some.filter(({ failed }) => failed !== undefined)).toHaveLength(20);
  expect(searchResult({ space: 'digits', objectives, limits: [] }, some)).toMatchObject({
    ...{ evaluated: 60, failed: 20 },
  });
  await expect(search(options({ evaluator: failing((id) => id > 10) }))).rejects.toThrow(
    /5 candidates in a row could not be evaluated, the last because no memory/,
  );
});

const HEADER: SearchHeader = {
  ...{
    format: 'nnmeter-search',
    version: 1,
    space: 'digits',
    hash: 'digits',
    input: [1, 3, 32, 32],
  },
  ...{ devices: ['slow 1', 'fast 1'], objectives, limits: [], strategy: 'nsga2', population: null },
  ...{ seed: 1, parallel: 2 },
};

test('a journal cut anywhere resumes to the same search; nothing is evaluated twice', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'nnmeter-nas-')), 'whole.jsonl');
  const journal = await openSearchJournal(path, HEADER, false);
  const whole = await search(options({ evaluator: trainer(2), record: journal }));
  await journal.close();
  const text = readFileSync(path, 'utf8');
  for (let cut = 1; cut < 10; cut += 2) {
    const other = `${path}.${cut}`;
    writeFileSync(other, text);
    truncateSync(other, Math.floor((text.length * cut) / 10));
    const lines = readFileSync(other, 'utf8').split('\n').length - 2;
    const resumed = await openSearchJournal(other, HEADER, true);
    const seen: number[] = [];
    const found = await search(options({ evaluator: trainer(2, seen), record: resumed }));
    await resumed.close();
    expect(found).toEqual(whole);
    expect(seen).toHaveLength(60 - Math.max(0, lines));
    const sorted = (journal: string) => journal.trim().split('\n').sort();
    expect(sorted(readFileSync(other, 'utf8'))).toEqual(sorted(text));
  }
  expect((await readSearchJournal(path)).lines).toHaveLength(60);
});

test.each([
  [{ hash: 'other' }, /another search: its hash is "digits", here it is "other"/],
  [{ seed: 2 }, /another search: its seed is 1, here it is 2/],
  [{ limits: ['slow at most 5 ms'] }, /another search: its limits is \[\]/],
])('the journal of another search is refused: %j', async (change, message) => {
  const path = join(mkdtempSync(join(tmpdir(), 'nnmeter-nas-')), 'journal.jsonl');
  await (await openSearchJournal(path, HEADER, false)).close();
  await expect(openSearchJournal(path, { ...HEADER, ...change }, true)).rejects.toThrow(message);
});

test('a journal with another candidate in it is refused', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'nnmeter-nas-')), 'journal.jsonl');
  await (await openSearchJournal(path, HEADER, false)).close();
  const sample = { a: 9 };
  appendFileSync(path, `${JSON.stringify({ id: 0, sample, values: { accuracy: 1 } })}\n`);
  const journal = await openSearchJournal(path, HEADER, true);
  await expect(search(options({ record: journal }))).rejects.toThrow(/another candidate 0/);
  await journal.close();
});
