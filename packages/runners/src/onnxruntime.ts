/** The part that runs in browsers too: the one entry beside `index.ts`, which needs Node. */
export { measureOnnxLayers } from './onnx-layers.ts';
export {
  type Clock,
  measureOnnx,
  type OnnxMeasureOptions,
  type OnnxRuntime,
  type OnnxSession,
  type SessionOptions,
} from './onnx-session.ts';
export type { LayerTime, RunnerResult } from './runner.ts';
