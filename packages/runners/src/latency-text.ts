import { runInNewContext } from 'node:vm';
import { NnMeterError } from '@nnmeter/ir';
import type { LatencyPlace, LatencyUnit } from './command-template.ts';

const MS: Readonly<Record<LatencyUnit, number>> = { us: 1e-3, ms: 1, s: 1e3 };

/**
 * The latencies that stand in a text, ms: one, or several where a JSON path names a list.
 * @throws NnMeterError E_RUNNER if there is none, or what stands there is no number
 */
export function findLatencies(text: string, place: LatencyPlace): readonly number[] {
  if (place.regexp === undefined) {
    return valuesAt(text, place.jsonPath!).map((value) => toMs(value, place.unit));
  }
  const [value, printed = ''] = matchesOf(text, place.regexp).at(-1)!;
  return [toMs(value, place.unit === 'printed' ? printed : place.unit)];
}

function toMs(value: unknown, unit: string): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  const known = Object.hasOwn(MS, unit) && typeof number === 'number' && Number.isFinite(number);
  if (known) return number * MS[unit as LatencyUnit];
  throw new NnMeterError(
    'E_RUNNER',
    `${JSON.stringify(value)} is no number of ${unit || 'a unit'}`,
  );
}

/** Patterns that try everything against everything end so. */
const REGEXP_MS = 2000;

/**
 * The groups of all matches, in their order.
 * @throws NnMeterError E_RUNNER if there are none, or the search takes too long
 */
export function matchesOf(text: string, regexp: string): readonly (readonly string[])[] {
  let groups: readonly (readonly string[])[];
  try {
    // What runs is our own code; the time limit of `vm` is the only one that stops a regular expression.
    groups = runInNewContext(
      `Array.from(text.matchAll(new RegExp(regexp, 'gm')), (match) => match.slice(1))`,
      { text, regexp },
      { timeout: REGEXP_MS },
    );
  } catch (cause) {
    const { message } = cause as Error;
    throw new NnMeterError('E_RUNNER', `looking for /${regexp}/ fails: ${message}`, { cause });
  }
  if (groups.length > 0) return groups;
  throw new NnMeterError('E_RUNNER', `nothing in it matches /${regexp}/`);
}

/** A key, or what stands in brackets. */
const STEP = /([^.[\]]+)|\[(\d+|\*)\]/g;

function valuesAt(text: string, path: string): readonly unknown[] {
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
