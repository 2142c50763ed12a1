import { type Journal, type JournalKind, openJournal, readJournal } from '@nnmeter/files';
import type { Objective } from './objectives.ts';
import type { EvaluatedCandidate } from './search.ts';

/** What a search is: the first line of its journal. All of it decides what is evaluated, in which order. */
export interface SearchHeader {
  readonly format: 'nnmeter-search';
  readonly version: 1;
  readonly space: string;
  /** Of the space. */
  readonly hash: string;
  readonly input: readonly number[];
  /** Name and version of each device's predictor. */
  readonly devices: readonly string[];
  readonly objectives: readonly Objective[];
  /** In words. */
  readonly limits: readonly string[];
  readonly strategy: string;
  readonly population: number | null;
  readonly seed: number;
  /** Candidates that are evaluated at once. */
  readonly parallel: number;
}

export type SearchJournal = Journal<SearchHeader, EvaluatedCandidate>;

const SEARCH: JournalKind<SearchHeader, EvaluatedCandidate> = {
  work: 'search',
  identity: ({ format: _format, ...rest }) => rest,
  refuse({ id, sample, values, failed }) {
    const isWhole =
      Number.isSafeInteger(id) &&
      typeof sample === 'object' &&
      (typeof values === 'object' || typeof failed === 'string');
    return isWhole ? undefined : 'is no evaluated candidate';
  },
};

/**
 * Opens the journal of a search. One process at a time.
 * @param resume goes on with the journal that is there; without it there must be none
 * @throws NnMeterError E_INVALID_INPUT if it is of another space, seed or options, is damaged, is there and not to be
 * resumed, or another process has it; E_FILE
 */
export function openSearchJournal(
  path: string,
  header: SearchHeader,
  resume: boolean,
): Promise<SearchJournal> {
  return openJournal(path, header, SEARCH, { resume, name: `the search of space ${header.space}` });
}

/** Reads the journal of a search. @throws NnMeterError E_INVALID_INPUT if it is none, or damaged; E_FILE */
export function readSearchJournal(
  path: string,
): Promise<{ readonly header: SearchHeader; readonly lines: readonly EvaluatedCandidate[] }> {
  return readJournal(path, 'nnmeter-search', SEARCH);
}
