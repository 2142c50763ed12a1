export type { FusionRules } from './rules.ts';
