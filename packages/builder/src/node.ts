export { openJournal } from './file-journal.ts';
export { writePlugin } from './write-plugin.ts';
