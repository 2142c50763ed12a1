export { frontend, readOnnxFile } from './frontend.ts';
export type * from './model.ts';
export { inferOnnxShapes, readOnnx } from './read-onnx.ts';
