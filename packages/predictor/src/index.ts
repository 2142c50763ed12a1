export type * from './definition.ts';
export type * from './report.ts';
