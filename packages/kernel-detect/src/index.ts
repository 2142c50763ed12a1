export { detectKernels } from './detect.ts';
export {
  type BlockDecision,
  explainFusion,
  type FusionDecision,
  type FusionExplanation,
} from './explain.ts';
export type { Kernel } from './kernel.ts';
export { detectNnMeterKernels, type NnMeterKernel } from './nn-meter/detect.ts';
export { nnMeterFeatures, nnMeterRegressor } from './nn-meter/features.ts';
export type { FusionRules } from './rules.ts';
