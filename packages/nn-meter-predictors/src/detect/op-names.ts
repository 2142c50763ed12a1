import type { Node } from '@nnmeter/ir';

/** nn-Meter's short names of the ops it knows, by the name in the model's own format. */
const SHORT_NAMES = new Map([
  ['Conv2D', 'conv'],
  ['Conv', 'conv'],
  ['DepthwiseConv2dNative', 'dwconv'],
  ['Relu', 'relu'],
  ['Relu6', 'relu'],
  ['Clip', 'relu'],
  ['Add', 'add'],
  ['BiasAdd', 'add'],
  ['FusedBatchNorm', 'bn'],
  ['FusedBatchNormV3', 'bn'],
  ['BatchNormalization', 'bn'],
  ['Gemm', 'fc'],
  ['MaxPool', 'maxpool'],
  ['AvgPool', 'avgpool'],
  ['AveragePool', 'avgpool'],
  ['Mean', 'gap'],
  ['GlobalAveragePool', 'gap'],
  ['ReduceMean', 'gap'],
  ['ConcatV2', 'concat'],
  ['Concat', 'concat'],
  ['Split', 'split'],
  ['Slice', 'split'],
  ['Reshape', 'reshape'],
  ['Flatten', 'reshape'],
  ['Mul', 'mul'],
  ['Div', 'div'],
  ['Transpose', 'transpose'],
  ['Pad', 'pad'],
  ['HardSigmoid', 'hardsigmoid'],
]);

/**
 * nn-Meter's name of a node's op: a short name, or the format's own. Only TensorFlow's MatMul is an `fc`.
 * A grouped convolution that is not depthwise is a `conv`, a flaw of the original.
 */
export function nnMeterOpName(node: Node, format: string | undefined): string {
  if (node.sourceOp === 'Conv' && node.op === 'dwconv') return 'dwconv';
  if (node.sourceOp === 'MatMul') return format === 'onnx' ? 'MatMul' : 'fc';
  return SHORT_NAMES.get(node.sourceOp) ?? node.sourceOp;
}
