import type { Frontend } from '@nnmeter/ir';
import { looksLikeOnnx } from './detect.ts';
import type { ModelProto } from './model.ts';
import { readOnnx } from './read-onnx.ts';
import { readOnnxFile } from './read-onnx-file.ts';

export type * from './model.ts';
export { inferOnnxShapes, readOnnx } from './read-onnx.ts';
export { readOnnxFile } from './read-onnx-file.ts';

/** How tools find and use this reader. */
export const frontend: Frontend = {
  modelType: 'onnx',
  suffixes: ['.onnx'],
  matches: looksLikeOnnx,
  toGraph: (model, options) => readOnnx(model as Uint8Array | ModelProto, options),
  fileToGraph: readOnnxFile,
};
