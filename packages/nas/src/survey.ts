import { NnMeterError } from '@nnmeter/ir';
import { Candidate } from './candidate.ts';
import { Drawing } from './drawing.ts';
import { type Filter, passes } from './filters.ts';
import { randomGenome, randomOfStep } from './sampling.ts';
import type { TableScorer } from './table-scorer.ts';

/** How much of a space filters leave. */
export interface FilterSurvey {
  /** Random candidates that were looked at. */
  readonly candidates: number;
  /** Share of them that pass all filters, 0 to 1; 0 if only a search found one. */
  readonly share: number;
  /** Share that passes each filter alone. */
  readonly shares: readonly { readonly filter: string; readonly share: number }[];
  /** Filters that every candidate passes, in words for the user. */
  readonly warnings: readonly string[];
}

const CANDIDATES = 20_000;
const RESTARTS = 5;

/**
 * Looks at random candidates before anything is trained.
 * @throws NnMeterError E_INVALID_INPUT if none passes, with the fastest candidate there is
 */
export function surveyFilters(scorer: TableScorer, filters: readonly Filter[]): FilterSurvey {
  const random = randomOfStep(0, 0);
  const counts = filters.map(() => 0);
  let passing = 0;
  for (let index = 0; index < CANDIDATES; index++) {
    const candidate = new Candidate(randomGenome(scorer.choices, random), scorer);
    const passed = filters.map((filter) => passes([filter], candidate));
    if (passed.every(Boolean)) passing++;
    passed.forEach((isPassed, at) => {
      if (isPassed) counts[at]!++;
    });
  }
  const drawing = new Drawing(scorer, filters);
  if (passing === 0 && drawing.draw(random, () => true) === undefined) throw nonePasses(drawing);
  const shares = filters.map(({ text }, at) => ({ filter: text, share: counts[at]! / CANDIDATES }));
  return {
    candidates: CANDIDATES,
    share: passing / CANDIDATES,
    shares,
    warnings: shares
      .filter(({ share }) => share === 1)
      .map(
        ({ filter }) =>
          `${filter}: every one of ${CANDIDATES} random candidates passes, so that it filters nothing`,
      ),
  };
}

function nonePasses(drawing: Drawing): NnMeterError {
  const { scorer, filters } = drawing;
  const wanted = filters.map(({ text }) => text).join(', ');
  const found = scorer.devices.map((_, device) => fastestOn(drawing, device));
  const fastest = found.map(
    (candidate, device) =>
      `${scorer.devices[device]!.name} ${candidate.ms(device).toPrecision(4)} ms`,
  );
  return new NnMeterError(
    'E_INVALID_INPUT',
    `no candidate of space ${scorer.table.space.name} passes: ${wanted}`,
    {
      hint: `limits are in ms; the fastest that were found are ${fastest.join(', ')}, the first of them ${JSON.stringify(found[0]!.sample)}`,
    },
  );
}

/** The fastest candidate on a device that one change at a time finds. */
export function fastestOn(drawing: Drawing, device: number): Candidate {
  const { choices } = drawing.scorer;
  const random = randomOfStep(0, 1);
  let best: Candidate | undefined;
  for (let restart = 0; restart < RESTARTS; restart++) {
    const genome = drawing.descend(randomGenome(choices, random), (candidate) =>
      candidate.ms(device),
    );
    const found = drawing.candidate(genome);
    if (best === undefined || found.ms(device) < best.ms(device)) best = found;
  }
  return best!;
}
