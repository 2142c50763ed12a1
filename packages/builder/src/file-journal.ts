import { type JournalKind, openJournal as open } from '@nnmeter/files';
import { quote } from '@nnmeter/ir';
import { type Journal, type JournalHeader, type JournalLine, journalIdentity } from './journal.ts';

const KINDS: ReadonlySet<unknown> = new Set<JournalLine['kind']>(['measured', 'failed', 'fused']);

const BUILD: JournalKind<JournalHeader, JournalLine> = {
  work: 'build',
  identity: journalIdentity,
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
