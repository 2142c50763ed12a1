import { upperMedian } from '@nnmeter/training';
import { REFERENCE, type Session, sessionMs } from './sessions.ts';

/** How much slower the machine was than in the middle of the build, at one time. */
export interface DriftPoint {
  /** ms since 1970 */
  readonly at: number;
  /** Of the reference model, ms. */
  readonly ms: number;
  /** That, divided by its median. */
  readonly factor: number;
  /** Load average of the last minute, where it is known. */
  readonly load?: number;
}

/** The sessions of the reference model. */
export function driftOf(sessions: readonly Session[]): DriftPoint[] {
  const points = sessions
    .filter(({ id }) => id === REFERENCE)
    .map((session) => {
      const { at, load } = session.lines.at(-1)!;
      return { at, ms: sessionMs(session), ...(load !== undefined && { load }) };
    });
  const middle = upperMedian(points.map(({ ms }) => ms));
  return points.map((point) => ({ ...point, factor: point.ms / middle }));
}

/** The factor at any time: geometrically between the points before and after; 1 if there is none. */
export function driftAt(points: readonly DriftPoint[], at: number): number {
  const next = points.findIndex((point) => point.at >= at);
  if (next <= 0) return points.at(next)?.factor ?? 1;
  const [before, after] = [points[next - 1]!, points[next]!];
  const share = (at - before.at) / Math.max(1, after.at - before.at);
  return before.factor * (after.factor / before.factor) ** share;
}
