export type { Kernel } from './kernel.ts';
export type { FusionRules } from './rules.ts';
