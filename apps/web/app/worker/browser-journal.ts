import {
  type Journal,
  type JournalHeader,
  type JournalLine,
  journalIdentity,
} from '@nnmeter/builder';
import { NnMeterError } from '@nnmeter/ir';
import { addToJournal, forgetBegun, readJournal } from './kept.ts';

/**
 * Opens the journal of a build in what the browser keeps for this page.
 * @param resume goes on with what was measured; without it that is deleted
 * @throws NnMeterError E_INVALID_INPUT if what was measured is of another build; E_FILE
 */
export async function openJournal(header: JournalHeader, resume: boolean): Promise<Journal> {
  if (!resume) await forgetBegun();
  const found = await readJournal();
  const identity = (each: JournalHeader): string => JSON.stringify(journalIdentity(each));
  if (found !== undefined && identity(found.header) !== identity(header)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      'what was measured before was measured by another version of this page',
      { hint: 'start anew' },
    );
  }
  if (found === undefined) await addToJournal(header);
  const lines: JournalLine[] = [...(found?.lines ?? [])];
  return {
    header: found?.header ?? header,
    lines,
    async add(line) {
      await addToJournal(line);
      lines.push(line);
    },
    async close() {},
  };
}
