import type { JournalLine, MeasuredLine } from './journal.ts';

/** The model that is measured again and again, so that the machine's own changes are seen. */
export const REFERENCE = 'reference';

/** Measurements of one model, one after the other. */
export interface Session {
  readonly id: string;
  readonly lines: readonly MeasuredLine[];
}

/** A journal's measurements, as far as they are of one model and follow each other. */
export function sessionsOf(lines: readonly JournalLine[]): Session[] {
  const sessions: { id: string; lines: MeasuredLine[] }[] = [];
  let last: string | undefined;
  for (const line of lines) {
    if (line.kind === 'measured') {
      if (line.id === last) sessions.at(-1)!.lines.push(line);
      else sessions.push({ id: line.id, lines: [line] });
    }
    last = line.id;
  }
  return sessions;
}

/** What a session says of its model, ms. */
export function sessionMs({ lines }: Session): number {
  return agreedMs(lines.map(({ ms }) => ms));
}

/** Two measurements agree if the greater is at most so much more, as a fraction of 1. */
const AGREEMENT = 0.05;
/** Of one model in a row; then the two that are nearest count. */
const MAX_ATTEMPTS = 4;

/** Whether a model need not be measured once more: two measurements agree, or there are enough. */
export function isSettled(ms: readonly number[]): boolean {
  return ms.length >= MAX_ATTEMPTS || nearestPair(ms).ratio <= 1 + AGREEMENT;
}

/** The lesser of the two that are nearest, or the only one: noise makes measurements longer, never shorter. */
export function agreedMs(ms: readonly number[]): number {
  return ms.length === 1 ? ms[0]! : nearestPair(ms).low;
}

function nearestPair(ms: readonly number[]): { low: number; ratio: number } {
  const sorted = ms.toSorted((a, b) => a - b);
  let nearest = { low: sorted[0] ?? Number.NaN, ratio: Number.POSITIVE_INFINITY };
  for (const [index, low] of sorted.slice(0, -1).entries()) {
    const ratio = sorted[index + 1]! / low;
    if (ratio < nearest.ratio) nearest = { low, ratio };
  }
  return nearest;
}
