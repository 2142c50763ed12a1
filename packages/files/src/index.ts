export { describeFileError, fileError } from './file-error.ts';
export { readBounded, readBoundedText, requireFile } from './read-bounded.ts';
export { type Content, isReplaceable, writeWhole } from './write-whole.ts';
