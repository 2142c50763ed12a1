export { type CommandEvaluatorOptions, commandEvaluator } from './command-evaluator.ts';
export {
  type NasBench201Table,
  nasBench201Evaluator,
  nasBench201Sample,
  nasBench201String,
  readNasBench201,
} from './nasbench201-table.ts';
export {
  openSearchJournal,
  readSearchJournal,
  type SearchHeader,
  type SearchJournal,
} from './search-journal.ts';
export { readSpace } from './space-file.ts';
