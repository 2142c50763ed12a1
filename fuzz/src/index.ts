export type { FuzzFormat } from './format.ts';
export { formats } from './formats/index.ts';
export { judge, type Oracle, type Verdict, Violation } from './judge.ts';
export { useGraph } from './use-graph.ts';
