export type * from './attributes.ts';
export { type ErrorCode, NnMeterError } from './errors.ts';
export type { Frontend, ModelType, ReadOptions } from './frontend.ts';
export { createGraph, Graph, type GraphSpecification } from './graph.ts';
export type { Node, NodeOf } from './node.ts';
export {
  broadcastShapes,
  concatShapes,
  matMulShape,
  normalizeAxis,
  reduceShape,
  reshapeShape,
  samePads,
  sliceExtent,
  transposedWindowExtent,
  transposeShape,
  windowExtent,
} from './shape-rules.ts';
export {
  bytesPerElement,
  type DataType,
  elementCount,
  type ImageDimensions,
  imageDimensions,
  type Layout,
  type Shape,
  type Tensor,
  type TensorKind,
} from './tensor.ts';
