export { detectKernels } from './detect.ts';
export {
  type BlockDecision,
  explainFusion,
  type FusionDecision,
  type FusionExplanation,
} from './explain.ts';
export { GraphView, NONE } from './graph-view.ts';
export type { Kernel } from './kernel.ts';
export type { FusionRules } from './rules.ts';
