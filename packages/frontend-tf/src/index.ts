export { frontend, readTensorFlowFile } from './frontend.ts';
export { supportedTensorFlowOps } from './ops/table.ts';
export { readTensorFlow } from './read.ts';
