export { frontend, readTensorFlowFile } from './frontend.ts';
export { supportedTensorFlowOps, type TensorFlowOpSupport } from './ops/table.ts';
export { readTensorFlow } from './read.ts';
