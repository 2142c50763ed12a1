import { broadcastShapes, concatShapes, type Op, type OpAttributes } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { dataTypeOf } from '../data-types.ts';
import { alias, computation, type Row, type Rule } from '../outcome.ts';

const quantize: Rule = (call) => {
  const given = call.int('output_dtype', 0);
  const dataType = call.has(2) ? call.dataType(2) : given === 0 ? 'uint8' : dataTypeOf(given);
  return computation('quantize', {}, [call.input(0).shape], { dataTypes: [dataType], inputs: [0] });
};

/** Of a constant it is no work: runtimes keep the weight quantised, and so does the graph. */
const dequantize: Rule = (call) => {
  if (call.isConstant(0)) return alias(call.input(0));
  return computation('dequantize', {}, [call.input(0).shape], {
    dataTypes: [call.dataType(1)],
    inputs: [0],
  });
};

const dynamicQuantize: Rule = (call) =>
  computation('quantize', {}, [call.input(0).shape, [], []], {
    dataTypes: ['uint8', 'float32', 'uint8'],
  });

/** ONNX Runtime's quantised ops: each tensor is followed by its scale and zero point. */
function quantizedBinary(op: 'add' | 'mul'): Rule {
  return (call) =>
    computation(op, {}, [broadcastShapes(call.shape(0), call.shape(3))], { inputs: [0, 3] });
}

function quantizedUnary<O extends Op>(op: O, attributes: (call: Call) => OpAttributes[O]): Rule {
  return (call) => computation(op, attributes(call), [call.input(0).shape], { inputs: [0] });
}

/** Inputs: scale and zero point of the result, then the tensors in threes. */
const quantizedConcat: Rule = (call) => {
  const inputs = call.inputs.map((_, index) => index).filter((index) => index % 3 === 2);
  const shapes = inputs.map((index) => call.shape(index));
  const axis = call.axis(shapes[0]?.length ?? 0, 1);
  return computation('concat', { axis }, [concatShapes(shapes, axis)], {
    dataTypes: [call.dataType(2)],
    inputs,
  });
};

const none = (): Record<never, never> => ({});
const lastAxis = (call: Call): { axis: number } => ({
  axis: call.axis(call.shape(0).length, -1),
});
const MICROSOFT = 'com.microsoft';

export const quantizedRows: readonly Row[] = [
  ['QuantizeLinear', '', 10, quantize],
  ['DequantizeLinear', '', 10, dequantize],
  ['DynamicQuantizeLinear', '', 11, dynamicQuantize],
  ['QuantizeLinear', MICROSOFT, 1, quantize],
  ['DequantizeLinear', MICROSOFT, 1, dequantize],
  ['QLinearAdd', MICROSOFT, 1, quantizedBinary('add')],
  ['QLinearMul', MICROSOFT, 1, quantizedBinary('mul')],
  ['QLinearSigmoid', MICROSOFT, 1, quantizedUnary('sigmoid', none)],
  ['QLinearLeakyRelu', MICROSOFT, 1, quantizedUnary('leakyrelu', none)],
  ['QLinearSoftmax', MICROSOFT, 1, quantizedUnary('softmax', lastAxis)],
  ['QLinearConcat', MICROSOFT, 1, quantizedConcat],
];
