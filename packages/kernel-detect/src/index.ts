export { detectKernels } from './detect.ts';
export type { Kernel } from './kernel.ts';
export { compileRules, type FusionRules } from './rules.ts';
