export { commandRunner } from './command-runner.ts';
export {
  type CommandTemplate,
  type FactCommand,
  type LatencyPlace,
  type LatencyUnit,
  readTemplate,
} from './command-template.ts';
export type { LayerParser } from './layer-parsers.ts';
export {
  type OnnxRuntimeRunnerOptions,
  onnxRuntimeRunner,
  onnxRuntimeWebRunner,
  resolveRuntime,
} from './onnxruntime-runner.ts';
export { type OpenRunnerOptions, openRunner, runnerNames } from './open-runner.ts';
export { endProgram, startProgram } from './program-process.ts';
export type {
  FusedNode,
  LayerTime,
  MeasureOptions,
  RunnableModel,
  Runner,
  RunnerFacts,
  RunnerResult,
} from './runner.ts';
export { Tail } from './tail.ts';
