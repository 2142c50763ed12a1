import { expect, test } from '@jest/globals';
import {
  type JournalLine,
  type MeasuringOptions,
  measureModels,
  type PlannedModel,
  planModels,
} from '@nnmeter/builder';
import { openJournal } from '@nnmeter/builder/node';
import { NnMeterError } from '@nnmeter/ir';
import type { RunnerResult } from '@nnmeter/runners';
import { newJournal } from './support/build.ts';
import { HEADER } from './support/header.ts';
import { type InventedOptions, inventedRunner } from './support/invented-device.ts';

const networks = planModels({ seed: 3, count: 40 }).filter(({ isKernel }) => !isKernel);

interface Measured {
  readonly lines: readonly JournalLine[];
  /** Ids in the order in which the runner was asked. */
  readonly calls: readonly string[];
  readonly error: NnMeterError | undefined;
}

/** Measures a plan with a disturbed runner; time goes on by what each measurement takes. */
async function measure(
  plan: readonly PlannedModel[],
  disturb?: InventedOptions['disturb'],
  options: Partial<MeasuringOptions> = {},
  invented: Partial<InventedOptions> = {},
): Promise<Measured> {
  const journal = await openJournal(newJournal(), HEADER, false);
  let clock = 1.8e12;
  const runner = inventedRunner({
    measurements: () => journal.lines.length,
    ...invented,
    disturb: async (model, result, call) => {
      const changed = (await disturb?.(model, result, call)) ?? result;
      clock += 100 + 2 * result.runs * result.ms;
      return changed;
    },
  });
  const error = await measureModels(plan, runner, journal, {
    threads: 1,
    now: () => clock,
    ...options,
  }).then(
    () => undefined,
    (thrown: unknown) => {
      if (thrown instanceof NnMeterError) return thrown;
      throw thrown;
    },
  );
  await journal.close();
  return { lines: journal.lines, calls: runner.calls, error };
}

const measuredIds = (lines: readonly JournalLine[]): string[] =>
  lines.flatMap((line) => (line.kind === 'measured' ? [line.id] : []));

test('every model is measured until two agree, ten between references, some again at the end', async () => {
  const { lines, error } = await measure(networks.slice(0, 24));
  expect(error).toBeUndefined();
  const ids = measuredIds(lines);
  const inRows = ids.filter((id, index) => id !== ids[index - 1]);
  const places = inRows.flatMap((id, index) => (id === 'reference' ? [index] : []));
  expect(places).toEqual([0, 11, 22, 33]);
  for (const { id } of networks.slice(0, 24))
    expect(ids.filter((each) => each === id).length).toBeGreaterThanOrEqual(2);
  const repeated = lines.flatMap((line) =>
    line.kind === 'measured' && line.phase === 'repeats' && line.id !== 'reference'
      ? [line.id]
      : [],
  );
  expect(new Set(repeated).size).toBe(6);
});

test('measurements that disagree are repeated, up to four', async () => {
  const noisy = networks[1]!.id;
  const { lines } = await measure(networks.slice(0, 3), ({ id }, result, call) =>
    id === noisy ? scaled(result, 1.5 ** (call % 3)) : result,
  );
  const first = lines.filter(
    (line) => line.kind === 'measured' && line.id === noisy && line.phase === 'models',
  );
  expect(first).toHaveLength(4);
});

test('the budget ends measuring: by models, or by minutes', async () => {
  const byModels = await measure(networks, undefined, { models: 7 });
  expect(new Set(measuredIds(byModels.lines)).size).toBe(8);
  const byMinutes = await measure(networks, undefined, { minutes: 0.2 });
  const spent = byMinutes.lines.reduce((sum, { tookMs }) => sum + tookMs, 0);
  expect(spent).toBeGreaterThan(8_000);
  expect(spent).toBeLessThan(16_000);
});

test.each([
  ['0 ms', { ms: 0 }, /0 ms were reported/],
  ['NaN', { ms: Number.NaN }, /NaN ms were reported/],
  ['a negative time', { ms: -1 }, /-1 ms were reported/],
  ['no median', { medianMs: Number.NaN }, /a median of NaN ms/],
  ['no runs', { runs: 0 }, /0 runs were reported/],
])('%s once is measured again, always is a model that fails', async (_, change, message) => {
  const bad = networks[2]!.id;
  const once = await measure(networks.slice(0, 5), ({ id }, result, call) =>
    id === bad && call % 2 === 1 ? { ...result, ...change } : result,
  );
  expect(once.error).toBeUndefined();
  for (const line of once.lines) expect(line.kind).toBe('measured');
  const always = await measure(networks.slice(0, 5), ({ id }, result) =>
    id === bad ? { ...result, ...change } : result,
  );
  expect(always.error).toBeUndefined();
  const failed = always.lines.filter((line) => line.kind === 'failed');
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({ id: bad, reason: expect.stringMatching(message) });
  expect(measuredIds(always.lines)).not.toContain(bad);
});

test.each([
  ['us printed as ms', 1000, /runs of .* ms were reported after .* is the unit right\?/],
  [
    'ms printed as something a thousand times larger',
    0.001,
    /which nothing does: is the unit right\?/,
  ],
])('%s ends the build at its first measurement', async (_, factor, message) => {
  const { lines, error } = await measure(networks.slice(0, 5), (_model, result) =>
    scaled(result, factor),
  );
  expect(error).toMatchObject({ code: 'E_RUNNER', message: expect.stringMatching(message) });
  expect(lines).toEqual([]);
});

test('a device that is lost half-way ends the build with what was measured', async () => {
  const { lines, error, calls } = await measure(networks.slice(0, 12), (_model, result, call) => {
    if (call > 15) throw new NnMeterError('E_RUNNER', 'error: device offline');
    return result;
  });
  expect(error).toMatchObject({
    code: 'E_RUNNER',
    message: expect.stringMatching(
      /invented does not measure any more: error: device offline.*resume/,
    ),
  });
  expect(lines).toHaveLength(15);
  expect(calls.length).toBeLessThan(21);
});

test('a runner that fails for most models is broken', async () => {
  const { lines, error } = await measure(networks.slice(0, 20), ({ id }, result) => {
    if (id !== 'reference') throw new NnMeterError('E_RUNNER', `cannot load ${id}`);
    return result;
  });
  expect(error?.message).toMatch(
    /measured 0 models and failed for 8; of the last it says: cannot load/,
  );
  expect(lines.filter(({ kind }) => kind === 'failed')).toHaveLength(8);
});

test('a runner that hangs is left, and asked once more', async () => {
  let asked = 0;
  const { error } = await measure(
    networks.slice(0, 2),
    () => {
      asked++;
      return new Promise<RunnerResult>(() => {});
    },
    { timeoutMs: 10, graceMs: 20 },
  );
  expect(error?.message).toMatch(/does not measure any more: nothing was measured in/);
  expect(asked).toBe(2);
});

test('a signal ends it at once', async () => {
  const end = new AbortController();
  const reason = new NnMeterError('E_RUNNER', 'ended by the test');
  const { error, lines } = await measure(
    networks,
    (_model, result, call) => {
      if (call === 5) {
        end.abort(reason);
        return new Promise<RunnerResult>(() => {});
      }
      return result;
    },
    { signal: end.signal },
  );
  expect(error).toBe(reason);
  expect(lines).toHaveLength(4);
});

test('layers that are lost once are measured again; a runner that loses them goes without', async () => {
  const without = ({ layers: _, ...rest }: RunnerResult): RunnerResult => rest;
  const lost = networks[3]!.id;
  const layersOf = ({ lines }: Measured): unknown =>
    lines.find((line) => line.kind === 'measured' && line.id === lost);
  let asked = 0;
  const once = await measure(networks.slice(0, 5), ({ id }, result) =>
    id === lost && asked++ === 0 ? without(result) : result,
  );
  expect(layersOf(once)).toMatchObject({ layers: expect.anything() });
  const always = await measure(networks.slice(0, 5), ({ id }, result) =>
    id === lost ? without(result) : result,
  );
  expect(always.error).toBeUndefined();
  expect(layersOf(always)).not.toHaveProperty('layers');
});

test('layers whose clock fails are done without', async () => {
  const bad = networks[3]!.id;
  const { lines, error } = await measure(networks.slice(0, 5), ({ id }, result) => {
    if (id === bad && result.layers !== undefined)
      throw new NnMeterError('E_RUNNER', 'the profile lacks a node');
    return result;
  });
  expect(error).toBeUndefined();
  expect(measuredIds(lines)).toContain(bad);
});

function scaled(result: RunnerResult, factor: number): RunnerResult {
  return { ...result, ms: result.ms * factor, medianMs: result.medianMs * factor };
}
