export {
  type Build,
  type BuildOptions,
  type BuildProgress,
  type BuildStep,
  buildPredictor,
  DEFAULT_MINUTES,
  STEP_NAMES,
} from './build.ts';
export {
  type FailedLine,
  type FusedLine,
  type Journal,
  type JournalHeader,
  type JournalLine,
  journalIdentity,
  type MeasuredLine,
} from './journal.ts';
export { type KernelTime, kernelTimes } from './kernel-times.ts';
export {
  type LearnedRules,
  type RuleEvidence,
  rulesFromGraphs,
  rulesFromTimes,
  type ShownGraph,
} from './learn-rules.ts';
export { type MeasuringOptions, measureModels } from './measure.ts';
export { toRunnable } from './model-bytes.ts';
export { describeOutcome } from './outcome.ts';
export { type PlanOptions, planHash, planModels } from './plan.ts';
export type { PlannedModel } from './planned-model.ts';
export {
  type BuildManifest,
  type BuildRecord,
  type BuiltPredictor,
  PLUGIN_VERSION,
  type PluginFiles,
  packageName,
} from './plugin-files.ts';
export { type MeasuredModel, type Repeat, type Results, repeatCeiling } from './results.ts';
export type { Budget } from './schedule.ts';
export {
  type CheckedModel,
  type PluginCheck,
  type PluginTraining,
  type TrainedPlugin,
  trainPlugin,
} from './train-plugin.ts';
