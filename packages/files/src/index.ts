export { describeFileError, fileError, isMissing } from './file-error.ts';
export { realPathInside } from './inside.ts';
export {
  type Journal,
  type JournalHeader,
  type JournalKind,
  type JournalOptions,
  openJournal,
  readJournal,
} from './journal.ts';
export { readBounded, readBoundedText, requireFile, requireFileStatus } from './read-bounded.ts';
export { keepTemporary, makeTemporaryFolder, removeAbandoned } from './temporary.ts';
export {
  type Content,
  type FileToWrite,
  isReplaceable,
  type SparseContent,
  writeTogether,
  writeWhole,
} from './write-whole.ts';
