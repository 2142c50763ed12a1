export {
  type OnnxRuntimeRunnerOptions,
  onnxRuntimeRunner,
  onnxRuntimeWebRunner,
} from './onnxruntime-runner.ts';
export type {
  FusedNode,
  LayerTime,
  MeasureOptions,
  RunnableModel,
  Runner,
  RunnerFacts,
  RunnerResult,
} from './runner.ts';
