import type { Frontend } from '@nnmeter/ir';
import { looksLikeTensorFlow } from './decode.ts';
import { readTensorFlow, readTensorFlowFile } from './read.ts';

export { supportedTensorFlowOps } from './ops/table.ts';
export { readTensorFlow, readTensorFlowFile } from './read.ts';

/** TensorFlow frozen GraphDefs and SavedModels, for tools that look for a reader by content. */
export const frontend: Frontend = {
  modelType: 'pb',
  suffixes: ['.pb'],
  matches: looksLikeTensorFlow,
  toGraph: (model, options) => readTensorFlow(model as Uint8Array, options),
  fileToGraph: readTensorFlowFile,
};
