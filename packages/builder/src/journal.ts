import type { Journal as WrittenJournal } from '@nnmeter/files';
import type { FusedNode, LayerTime, RunnerFacts } from '@nnmeter/runners';

/** What a journal is of: its first line. */
export interface JournalHeader {
  readonly format: 'nnmeter-build';
  readonly version: 1;
  readonly name: string;
  readonly seed: number;
  /** Of the plan, see `planHash`. */
  readonly plan: string;
  readonly runner: string;
  readonly facts: RunnerFacts;
}

interface Timed {
  /** When it was done, ms since 1970. */
  readonly at: number;
  /** What it took from the request to the result, ms. */
  readonly tookMs: number;
}

/** The plan's models; those that the others contradict, again; some of the others, for the repeat ceiling. */
export type Phase = 'models' | 'outliers' | 'repeats';

/** One measurement of one model. */
export interface MeasuredLine extends Timed {
  readonly kind: 'measured';
  readonly id: string;
  readonly phase: Phase;
  readonly ms: number;
  readonly medianMs: number;
  readonly wallMs?: number;
  readonly runs: number;
  readonly layers?: readonly LayerTime[];
  /** Load average of the machine that the build runs on, over the last minute, where it is known. */
  readonly load?: number;
}

/** A model that the runner cannot measure. */
export interface FailedLine extends Timed {
  readonly kind: 'failed';
  readonly id: string;
  readonly reason: string;
}

/** What the runtime's own graph of a model says is fused. */
export interface FusedLine extends Timed {
  readonly kind: 'fused';
  readonly id: string;
  readonly groups: readonly FusedNode[];
}

export type JournalLine = MeasuredLine | FailedLine | FusedLine;

/** Everything that was measured so far, kept as soon as it is added. */
export type Journal = WrittenJournal<JournalHeader, JournalLine>;

/** What of a header must be the same for lines to belong together. */
export function journalIdentity({
  version,
  name,
  runner,
  seed,
  plan,
  facts,
}: Partial<JournalHeader>): Readonly<Record<string, unknown>> {
  return { version, name, runner, runtime: `${facts?.runtime} ${facts?.version}`, seed, plan };
}
