export { describeFileError } from './file-error.ts';
export { readBounded, readBoundedText } from './read-bounded.ts';
export { type Content, isReplaceable, writeWhole } from './write-whole.ts';
