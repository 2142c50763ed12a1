/** The part that runs in browsers too: the one entry beside `index.ts`, which needs Node. */
export type { Clock } from './clock.ts';
export {
  measureOnnx,
  type OnnxMeasureOptions,
  type OnnxRuntime,
  type OnnxSession,
  type SessionOptions,
} from './onnx-session.ts';
export type { Runner, RunnerFacts, RunnerResult } from './runner.ts';
export type { Answer } from './serving.ts';
export { type RuntimeWorker, type WorkerRunnerOptions, workerRunner } from './worker-runner.ts';
export {
  serveOnnxRuntime,
  type WorkerFacts,
  type WorkerMeasurement,
  type WorkerRequest,
  type WorkerScope,
} from './worker-scope.ts';
