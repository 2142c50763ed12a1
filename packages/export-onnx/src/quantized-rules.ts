import type { DataType, Node } from '@nnmeter/ir';
import type { OnnxGraph } from './onnx-graph.ts';
import { notExported, type Rule, type Rules } from './rule.ts';

/** Types of quantised tensors that ONNX's products and convolutions take. */
const BYTES: readonly DataType[] = ['int8', 'uint8'];

/** The first opset whose QuantizeLinear and DequantizeLinear know a type; graphs keep no scales, 1 stands for them. */
const SINCE: Partial<Record<DataType, number>> = {
  int8: 10,
  uint8: 10,
  int32: 10,
  float8: 19,
  int16: 21,
  uint16: 21,
  int4: 21,
  uint4: 21,
};

function scale(target: OnnxGraph, node: Node, role: string, dataType: DataType = 'float32') {
  return target.newConstant(`${node.name}/${role}_scale`, [], dataType, [1]);
}

function zeroPoint(target: OnnxGraph, node: Node, role: string, dataType: DataType): string {
  return target.newConstant(`${node.name}/${role}_zero_point`, [], dataType);
}

function requireType(target: OnnxGraph, node: Node, dataType: DataType): void {
  const since = SINCE[dataType];
  if (since === undefined) throw notExported(node, `ONNX does not quantise to ${dataType}`);
  target.require(since);
}

/** With the scale and zero point as results it is dynamic: they are computed from the data. */
const quantize: Rule<'quantize'> = (target, node) => {
  const input = node.inputs[0]!;
  const order = target.order(input);
  if (node.outputs.length > 1) {
    target.emit(node, 'DynamicQuantizeLinear', [target.read(input)], {}, [order, [], []]);
    return;
  }
  const { dataType } = target.tensor(node.outputs[0]!);
  requireType(target, node, dataType);
  const step = scale(target, node, 'y', target.tensor(input).dataType);
  const inputs = [target.read(input), step, zeroPoint(target, node, 'y', dataType)];
  target.emit(node, 'QuantizeLinear', inputs, {}, [order]);
};

const dequantize: Rule<'dequantize'> = (target, node) => {
  const input = node.inputs[0]!;
  const result = target.tensor(node.outputs[0]!).dataType;
  requireType(target, node, target.tensor(input).dataType);
  if (result !== 'float32') target.require(19);
  const inputs = [target.read(input), scale(target, node, 'x', result)];
  target.emit(node, 'DequantizeLinear', inputs, {}, [target.order(input)]);
};

export const quantizedRules: Rules = { quantize, dequantize };

/** Whether a node computes with bytes. */
export function readsBytes(target: OnnxGraph, node: Node): boolean {
  const [data] = node.inputs;
  return !!data && BYTES.includes(target.tensor(data).dataType);
}

/**
 * A convolution or product of bytes: QLinearConv, QLinearMatMul where the result is of bytes, ConvInteger, MatMulInteger
 * where it is of 32 bits.
 */
export function quantizedProduct(
  target: OnnxGraph,
  node: Node,
  name: 'Conv' | 'MatMul',
  [data, weight, bias]: readonly string[],
): { readonly opType: string; readonly inputs: readonly string[] } {
  const { dataType: given } = target.tensor(node.inputs[0]!);
  const { dataType: result } = target.tensor(node.outputs[0]!);
  const weightType = node.inputs[1] ? target.tensor(node.inputs[1]).dataType : given;
  if (!BYTES.includes(weightType)) {
    throw notExported(node, `ONNX has no ${name} of ${given} by ${weightType}`);
  }
  if (result === 'int32' && bias === undefined) {
    return { opType: `${name}Integer`, inputs: [data!, weight!] };
  }
  const withoutBias = name === 'MatMul' && bias !== undefined;
  if (!BYTES.includes(result) || withoutBias) {
    throw notExported(
      node,
      `ONNX has no ${name} of ${given}${bias === undefined ? '' : ' with a bias'} that gives ${result}`,
    );
  }
  const inputs = [
    ...[data!, scale(target, node, 'x'), zeroPoint(target, node, 'x', given)],
    ...[weight!, scale(target, node, 'w'), zeroPoint(target, node, 'w', weightType)],
    ...[scale(target, node, 'y'), zeroPoint(target, node, 'y', result)],
  ];
  return { opType: `QLinear${name}`, inputs: bias === undefined ? inputs : [...inputs, bias] };
}
