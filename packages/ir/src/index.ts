export type * from './attributes.ts';
export { channelsLastShape } from './channels-last.ts';
export { type GraphCost, graphCost, type NodeCost, nodeCost } from './cost.ts';
export { type ErrorCode, NnMeterError, quote } from './errors.ts';
export type { Frontend, ModelType, ReadOptions } from './frontend.ts';
export { schema as nnMeterIrSchema } from './generated/schema.ts';
export { createGraph, Graph, type GraphSpecification } from './graph.ts';
export type {
  NnMeterIr,
  NnMeterIrConstant,
  NnMeterIrNode,
  RawAttributes,
  RawShape,
} from './nn-meter-ir/format.ts';
export { canonicalOp } from './nn-meter-ir/op-names.ts';
export { readNnMeterIr } from './nn-meter-ir/read.ts';
export { writeNnMeterIr } from './nn-meter-ir/write.ts';
export type { Node, NodeOf } from './node.ts';
export { isOp, ops } from './ops.ts';
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
  isDataType,
  type Layout,
  type Shape,
  type Tensor,
  type TensorKind,
} from './tensor.ts';
