import type { Rule } from '../call.ts';

/** An aten op with the names and defaults of its arguments, and what it is in the canonical vocabulary. */
export type Row = readonly [declaration: string, rule: Rule];
