import type { LayerTime } from '@nnmeter/runners';
import { type DriftPoint, driftAt, driftOf } from './drift.ts';
import type { JournalLine } from './journal.ts';
import type { PlannedModel } from './planned-model.ts';
import { agreedMs, REFERENCE, type Session, sessionMs, sessionsOf } from './sessions.ts';

/** A model and its latency, the machine's drift divided out. */
export interface MeasuredModel extends PlannedModel {
  readonly ms: number;
  /** Where the runtime tells them, in the order of execution. */
  readonly layers?: readonly LayerTime[];
}

/** A network that was measured again much later. */
export interface Repeat {
  readonly id: string;
  readonly firstMs: number;
  readonly againMs: number;
}

/** What a journal says. */
export interface Results {
  readonly models: readonly MeasuredModel[];
  readonly drift: readonly DriftPoint[];
  readonly repeats: readonly Repeat[];
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
}

/** The latencies of the models of a plan. */
export function resultsOf(plan: readonly PlannedModel[], lines: readonly JournalLine[]): Results {
  const sessions = sessionsOf(lines);
  const drift = driftOf(sessions);
  const steady = (session: Session): number =>
    sessionMs(session) / driftAt(drift, session.lines.at(-1)!.at);
  const own = new Map<string, Session[]>();
  for (const session of sessions) own.set(session.id, [...(own.get(session.id) ?? []), session]);
  const models: MeasuredModel[] = [];
  const repeats: Repeat[] = [];
  for (const model of plan) {
    const found = own.get(model.id);
    if (found === undefined || model.id === REFERENCE) continue;
    const values = found.map(steady);
    const layers = layersOf(found, drift);
    models.push({ ...model, ms: agreedMs(values), ...(layers && { layers }) });
    const again = found.findIndex(({ lines }) => lines[0]!.phase === 'repeats');
    if (again > 0) repeats.push({ id: model.id, firstMs: values[0]!, againMs: values[again]! });
  }
  const failed = lines.flatMap((line) =>
    line.kind === 'failed' ? [{ id: line.id, reason: line.reason }] : [],
  );
  return { models, drift, repeats, failed };
}

function layersOf(
  sessions: readonly Session[],
  drift: readonly DriftPoint[],
): readonly LayerTime[] | undefined {
  for (const { lines } of sessions) {
    for (const { layers, at } of lines) {
      if (layers === undefined) continue;
      const factor = driftAt(drift, at);
      return layers.map((layer) => ({ ...layer, ms: layer.ms / factor }));
    }
  }
  return undefined;
}

/** Share of the repeated models whose two latencies are within 10 %: no predictor can be told to be better. */
export function repeatCeiling(repeats: readonly Repeat[]): number | null {
  if (repeats.length === 0) return null;
  const near = repeats.filter(({ firstMs, againMs }) => Math.abs(againMs / firstMs - 1) <= 0.1);
  return near.length / repeats.length;
}
