export { type AssumedSize, type AssumedSizes, Assumptions, assumedSizes } from './assumptions.ts';
export {
  type ConvOptions,
  GraphBuilder,
  type GraphBuilderOptions,
  type PoolOptions,
  type Sides,
  type WindowOptions,
} from './builder.ts';
export { channelsLastOrder, channelsLastShape } from './channels-last.ts';
export {
  type GraphCost,
  graphCost,
  type NodeCost,
  type NodeWeights,
  nodeCost,
  tensorBytes,
  weightsOfNodes,
} from './cost.ts';
export { createGraph } from './create-graph.ts';
export {
  type ErrorCode,
  type ErrorDetails,
  type ErrorHint,
  type ErrorPlace,
  type HintFacts,
  inputShapeHint,
  locateError,
  locateErrors,
  NnMeterError,
  quote,
} from './errors.ts';
export { CHANNELS_FIRST, findLayouts, type LayoutSearch } from './find-layouts.ts';
export { Graph, type GraphEdges, type GraphSpecification } from './graph.ts';
export { GraphWriter, type NodeOptions } from './graph-writer.ts';
export { inferOutputShapes, type Operation } from './infer-shapes.ts';
export { isJsonObject } from './json-object.ts';
export { macsOfNodes } from './macs.ts';
export { sliceShape } from './movement-shapes.ts';
export type { Node, NodeOf } from './node.ts';
export type {
  Attribute,
  AttributeKind,
  AttributeKinds,
  Attributes,
  ValuesOf,
} from './ops/attribute.ts';
export {
  type AxesRole,
  type CostKind,
  likeFirst,
  type MacsRule,
  type OpRow,
  type ShapeAndLayout,
  type ShapeRule,
} from './ops/row.ts';
export {
  type AttributeValue,
  type CustomAttributes,
  isOp,
  type Op,
  type OpAttributes,
  onnxOpName,
  opRow,
  ops,
  type UnaryOp,
} from './ops.ts';
export { parseShape } from './parse-shape.ts';
export { type Precision, precisionOf } from './precision.ts';
export type { ReadOptions } from './read-options.ts';
export { type AxisOrders, renumberAxes } from './renumber.ts';
export {
  broadcastAll,
  broadcastShapes,
  concatShapes,
  matMulShape,
  normalizeAxis,
  reduceShape,
  reshapeShape,
  samePads,
  sliceExtent,
  splitShapes,
  transposedWindowExtent,
  transposeShape,
  windowExtent,
} from './shape-rules.ts';
export { type Statement, settleStatedShapes, warnOfStatedShapes } from './stated-shapes.ts';
export {
  bytesPerElement,
  type DataType,
  elementCount,
  type ImageDimensions,
  imageDimensions,
  isDataType,
  type Layout,
  type Shape,
  type ShapedTensor,
  type StatedShape,
  type Tensor,
  type TensorKind,
} from './tensor.ts';
export { UniqueNames } from './unique-names.ts';
export { describeIssue, type GraphIssue, validateGraph } from './validate.ts';
export { withChannels } from './with-channels.ts';
export { settleInputShapes, withInputShapes } from './with-input-shapes.ts';
