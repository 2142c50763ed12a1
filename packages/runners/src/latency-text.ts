import { runInNewContext } from 'node:vm';
import { NnMeterError } from '@nnmeter/ir';
import type { LatencyPlace } from './command-template.ts';

const MS: Readonly<Record<LatencyPlace['unit'], number>> = { us: 1e-3, ms: 1, s: 1e3 };

/**
 * The latencies that stand in a text, ms: one, or several where a JSON path names a list.
 * @throws NnMeterError E_RUNNER if there is none, or what stands there is no number
 */
export function findLatencies(text: string, place: LatencyPlace): readonly number[] {
  const found =
    place.regexp === undefined
      ? byPath(text, place.jsonPath!)
      : [matchesOf(text, place.regexp).at(-1)];
  return found.map((value) => {
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number) && value !== '') {
      return number * MS[place.unit];
    }
    throw new NnMeterError('E_RUNNER', `${JSON.stringify(value)} is no number of ${place.unit}`);
  });
}

/** Patterns that try everything against everything end so. */
const REGEXP_MS = 2000;

/**
 * The first groups of all matches.
 * @throws NnMeterError E_RUNNER if there are none, or the search takes too long
 */
export function matchesOf(text: string, regexp: string): readonly [string, ...string[]] {
  let groups: readonly string[];
  try {
    // What runs is our own code; the time limit of `vm` is the only one that stops a regular expression.
    groups = runInNewContext(
      `Array.from(text.matchAll(new RegExp(regexp, 'gm')), (match) => String(match[1]))`,
      { text, regexp },
      { timeout: REGEXP_MS },
    );
  } catch (cause) {
    const { message } = cause as Error;
    throw new NnMeterError('E_RUNNER', `looking for /${regexp}/ fails: ${message}`, { cause });
  }
  const [first, ...others] = groups;
  if (first === undefined) throw new NnMeterError('E_RUNNER', `nothing in it matches /${regexp}/`);
  return [first, ...others];
}

/** A key, or what stands in brackets. */
const STEP = /([^.[\]]+)|\[(\d+|\*)\]/g;

function byPath(text: string, path: string): readonly unknown[] {
  let values: readonly unknown[];
  try {
    values = [JSON.parse(text)];
  } catch (cause) {
    throw new NnMeterError('E_RUNNER', `it is no JSON: ${(cause as Error).message}`, { cause });
  }
  for (const [, key, index] of path.matchAll(STEP)) {
    values = values.flatMap((value) => {
      if (index === '*') return Array.isArray(value) ? value : [];
      const name = key ?? index!;
      const known = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
      return known ? [(value as Record<string, unknown>)[name]] : [];
    });
  }
  if (values.length === 0) throw new NnMeterError('E_RUNNER', `nothing in it is at ${path}`);
  return values;
}
