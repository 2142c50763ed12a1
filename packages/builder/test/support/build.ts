import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Build, type BuildOptions, buildPredictor, type JournalLine } from '@nnmeter/builder';
import { openJournal } from '@nnmeter/builder/node';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { type InventedOptions, inventedRunner } from './invented-device.ts';

export const KNOWN = [cortexA76, adreno640];

export const newJournal = (): string =>
  join(mkdtempSync(join(tmpdir(), 'nnmeter-build-')), 'build.jsonl');

export function readJournal(journal: string): JournalLine[] {
  return textLines(journal).map((line) => JSON.parse(line) as JournalLine);
}

function textLines(journal: string): string[] {
  return existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').slice(1, -1) : [];
}

/** A clock that goes on by a second with each look at it, and is a function of what is in the journal. */
function journalClock(journal: string): () => number {
  let looks = 0;
  let lines = -1;
  return () => {
    const now = textLines(journal).length;
    if (now !== lines) [lines, looks] = [now, 0];
    return 1.8e12 + 10_000 * now + 1000 * looks++;
  };
}

/** Builds a predictor of the invented device. */
export function buildInvented(
  journal: string,
  { resume = false, ...options }: Partial<BuildOptions> & { readonly resume?: boolean } = {},
  invented: Partial<InventedOptions> = {},
): Promise<Build> {
  const measurements = (): number => textLines(journal).length;
  return buildPredictor({
    name: 'invented',
    runner: inventedRunner({ measurements, ...invented }),
    journal: (header) => openJournal(journal, header, resume),
    known: KNOWN,
    models: 40,
    now: journalClock(journal),
    ...options,
  });
}
