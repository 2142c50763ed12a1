import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type FuzzFormat, formats, judge } from '@nnmeter/fuzz';
import fc from 'fast-check';

/** The same mutants in every run; `npm run fuzz` looks for new ones. */
const SEED = 20261129;

/** How many mutants of a format had each outcome; the smallest that violates what must hold is written to a file. */
async function judgeMutants(format: FuzzFormat): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const judged = fc.asyncProperty(format.mutants(), async (bytes) => {
    const verdict = await judge(format, bytes);
    if (verdict.outcome === 'violated') throw new Error(`${verdict.oracle}: ${verdict.message}`);
    outcomes.set(verdict.outcome, (outcomes.get(verdict.outcome) ?? 0) + 1);
  });
  const { counterexample, errorInstance } = await fc.check(judged, {
    seed: SEED,
    numRuns: format.testRuns,
  });
  if (counterexample !== null) {
    const file = join(mkdtempSync(join(tmpdir(), 'nnmeter-')), `finding${format.suffix}`);
    writeFileSync(file, counterexample[0]);
    throw new Error(`${file}: ${errorInstance}`);
  }
  return outcomes;
}

describe('mutants are read and predicted, or refused by one clear error', () => {
  test.each(formats.map((format) => [format.name, format] as const))('%s', async (_, format) => {
    const outcomes = await judgeMutants(format);
    // Mutants that are all refused, or all accepted, would say little.
    expect([...outcomes.keys()].sort()).toEqual(['accepted', 'refused']);
  });
});
