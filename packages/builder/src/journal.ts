import {
  type JournalKind,
  openJournal as open,
  type Journal as WrittenJournal,
} from '@nnmeter/files';
import { quote } from '@nnmeter/ir';
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
  /** Load average of the machine that the build runs on, over the last minute. */
  readonly load: number;
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

/** Everything that was measured so far, on disk as soon as it is added. */
export type Journal = WrittenJournal<JournalHeader, JournalLine>;

const KINDS: ReadonlySet<unknown> = new Set<JournalLine['kind']>(['measured', 'failed', 'fused']);

const BUILD: JournalKind<JournalHeader, JournalLine> = {
  work: 'build',
  identity: ({ version, name, runner, seed, plan, facts }) => ({
    ...{ version, name, runner, runtime: `${facts?.runtime} ${facts?.version}`, seed, plan },
  }),
  refuse: ({ kind, id }) =>
    KINDS.has(kind) && typeof id === 'string' ? undefined : 'is no measurement',
};

/**
 * Opens the journal of a build: a header and a line for everything measured. One process at a time.
 * @param resume goes on with the journal that is there; without it there must be none
 * @throws NnMeterError E_INVALID_INPUT if it is the journal of something else, is damaged, is there and is not to be
 * resumed, or another process has it; E_FILE
 */
export function openJournal(
  path: string,
  header: JournalHeader,
  resume: boolean,
): Promise<Journal> {
  return open(path, header, BUILD, { resume, name: `the build of ${quote(header.name)}` });
}
