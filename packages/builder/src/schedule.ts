import { hashOf } from '@nnmeter/dataset';
import { mobilenetV2 } from '@nnmeter/zoo';
import type { Journal, Phase } from './journal.ts';
import type { PlannedModel } from './planned-model.ts';
import { isSettled, REFERENCE, type Session, sessionMs, sessionsOf } from './sessions.ts';

/** How long measuring may go on: until one of the two is reached. */
export interface Budget {
  readonly minutes?: number;
  readonly models?: number;
}

export interface ScheduleOptions extends Budget {
  /** ms since 1970; default: the machine's clock. */
  readonly now?: () => number;
  /** Tells which models the others contradict, by the ms so far: they are measured again. */
  readonly outliers?: (measured: ReadonlyMap<string, number>) => readonly string[];
}

/** What to measure next, and how far that is. */
export interface NextModel {
  readonly model: PlannedModel;
  readonly phase: Phase;
  /** Models of the phase. */
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
}

/** Shares of the minutes after which a phase ends. */
const PHASE_ENDS: Readonly<Record<Phase, number>> = { models: 0.8, outliers: 0.88, repeats: 1 };
const MODELS_PER_REFERENCE = 10;
/** After a pause as long, the machine may not be as it was. */
const PAUSE_MS = 120_000;
/** Until one is measured: in a process of this machine. */
export const SECONDS_A_MODEL = 1.5;
/** More models that contradict the others are no outliers. */
const MAX_OUTLIERS = 10;
const REPEATS = { share: 1 / 6, least: 6, most: 20 } as const;

/** The model that every ten others are measured between. */
export const reference: PlannedModel = {
  id: REFERENCE,
  family: REFERENCE,
  isKernel: false,
  graph: () => mobilenetV2({ name: REFERENCE, width: 0.75, inputShape: [1, 3, 160, 160] }),
};

/** What a journal says of the measured models, and what is to be measured next: that depends on nothing else. */
export class Schedule {
  readonly #plan: readonly PlannedModel[];
  readonly #byId: ReadonlyMap<string, PlannedModel>;
  readonly #journal: Journal;
  readonly #options: ScheduleOptions;
  #outliers: readonly string[] | undefined;

  constructor(plan: readonly PlannedModel[], journal: Journal, options: ScheduleOptions) {
    this.#plan = plan;
    this.#byId = new Map([reference, ...plan].map((model) => [model.id, model]));
    this.#journal = journal;
    this.#options = options;
  }

  /** Undefined if nothing is left to measure, or no time. */
  next(): NextModel | undefined {
    const { lines } = this.#journal;
    const sessions = sessionsOf(lines);
    const last = sessions.at(-1);
    const { phase, done, total, id } = this.#phase(sessions);
    const secondsLeft = this.#secondsLeft(sessions.length, done, total);
    const state = { phase, done, total, secondsLeft };
    const again = last !== undefined && lines.at(-1)!.id === last.id && !isSettled(msOf(last));
    if (again) {
      return { ...state, phase: last.lines[0]!.phase, model: this.#byId.get(last.id) ?? reference };
    }
    if (this.#needsReference(sessions, id === undefined)) return { ...state, model: reference };
    return id === undefined ? undefined : { ...state, model: this.#byId.get(id)! };
  }

  #needsReference(sessions: readonly Session[], isEnd: boolean): boolean {
    const since = sessions.length - 1 - sessions.findLastIndex(({ id }) => id === REFERENCE);
    const lastAt = this.#journal.lines.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    const { now = Date.now } = this.#options;
    if (isEnd) return since > 0;
    return since === sessions.length || since >= MODELS_PER_REFERENCE || now() - lastAt > PAUSE_MS;
  }

  #phase(sessions: readonly Session[]): { phase: Phase; done: number; total: number; id?: string } {
    const { models = Number.POSITIVE_INFINITY, minutes = Number.POSITIVE_INFINITY } = this.#options;
    const spent = this.#spentMs() / (minutes * 60_000);
    const counts = new Map<string, number>();
    for (const { id } of sessions) counts.set(id, (counts.get(id) ?? 0) + 1);
    const failed = new Set(
      this.#journal.lines.flatMap((line) => (line.kind === 'failed' ? [line.id] : [])),
    );
    const isDone = (id: string): boolean => counts.has(id) || failed.has(id);
    const done = this.#plan.filter(({ id }) => counts.has(id)).length;
    const total = Math.min(models, this.#plan.length - failed.size);
    if (done < total && spent < PHASE_ENDS.models) {
      const id = this.#plan.find((model) => !isDone(model.id))?.id;
      return { phase: 'models', done, total, ...(id !== undefined && { id }) };
    }
    const outliers = this.#findOutliers(sessions);
    const repeats = repeatedIds(this.#networks(sessions).filter((id) => !outliers.includes(id)));
    for (const [phase, ids] of [
      ['outliers', outliers],
      ['repeats', repeats],
    ] as const) {
      const again = ids.filter((id) => counts.get(id)! > 1 || failed.has(id)).length;
      const id = ids.find((each) => counts.get(each) === 1 && !failed.has(each));
      if (id === undefined || spent >= PHASE_ENDS[phase]) continue;
      return { phase, done: again, total: ids.length, id };
    }
    return { phase: 'repeats', done: repeats.length, total: repeats.length };
  }

  /** By the first session of each model, so that it does not change while they are measured again. */
  #findOutliers(sessions: readonly Session[]): readonly string[] {
    if (this.#outliers !== undefined) return this.#outliers;
    const first = new Map<string, number>();
    for (const session of sessions) {
      if (session.id !== REFERENCE && !first.has(session.id))
        first.set(session.id, sessionMs(session));
    }
    this.#outliers = this.#options.outliers?.(first).slice(0, MAX_OUTLIERS) ?? [];
    return this.#outliers;
  }

  /** Ids of the measured networks. */
  #networks(sessions: readonly Session[]): string[] {
    return [...new Set(sessions.map(({ id }) => id))].filter(
      (id) => id !== REFERENCE && this.#byId.get(id)?.isKernel === false,
    );
  }

  #spentMs(): number {
    return this.#journal.lines.reduce((sum, { tookMs }) => sum + tookMs, 0);
  }

  #secondsLeft(sessions: number, done: number, total: number): number {
    const { minutes = Number.POSITIVE_INFINITY } = this.#options;
    const spent = this.#spentMs() / 1000;
    const byTime = Math.max(0, 60 * minutes - spent);
    const each = sessions === 0 ? SECONDS_A_MODEL : spent / sessions;
    return Math.min(byTime, each * (total - done));
  }
}

/** The networks whose second measurement, at the end, says how far measurements repeat. */
export function repeatedIds(networks: readonly string[]): string[] {
  const { share, least, most } = REPEATS;
  const count = Math.min(most, Math.max(least, Math.round(share * networks.length)));
  return networks.toSorted((a, b) => hashOf(a, 1) - hashOf(b, 1)).slice(0, count);
}

function msOf({ lines }: Session): number[] {
  return lines.map(({ ms }) => ms);
}
