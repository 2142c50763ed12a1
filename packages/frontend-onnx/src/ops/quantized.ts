import { dataTypeOf } from '../data-types.ts';
import { alias, computation, type Row, type Rule } from '../outcome.ts';
import { unary } from './elementwise.ts';

const quantize: Rule = (call) => {
  const given = call.int('output_dtype', 0);
  const dataType = call.has(2) ? call.dataType(2) : given === 0 ? 'uint8' : dataTypeOf(given);
  return computation('quantize', {}, { dataTypes: [dataType], inputs: [0] });
};

/** Of a constant it is no work: runtimes keep the weight quantised, and so does the graph. */
const dequantize: Rule = (call) => {
  if (call.isConstant(0)) return alias(call.input(0));
  return computation('dequantize', {}, { dataTypes: [call.dataType(1)], inputs: [0] });
};

const dynamicQuantize: Rule = () =>
  computation(
    'quantize',
    {},
    { dataTypes: ['uint8', 'float32', 'uint8'], further: () => [[], []] },
  );

/** ONNX Runtime's quantised ops: each tensor is followed by its scale and zero point. */
function quantizedBinary(op: 'add' | 'mul'): Rule {
  return () => computation(op, {}, { inputs: [0, 3] });
}

/** Inputs: scale and zero point of the result, then the tensors in threes. */
const quantizedConcat: Rule = (call) => {
  const inputs = call.inputs.map((_, index) => index).filter((index) => index % 3 === 2);
  const axis = call.axis(call.shape(2).length, 1);
  return computation('concat', { axis }, { dataTypes: [call.dataType(2)], inputs });
};

const quantizedSoftmax: Rule = (call) =>
  computation('softmax', { axis: call.axis(call.shape(0).length, -1) }, { inputs: [0] });

const MICROSOFT = 'com.microsoft';

export const quantizedRows: readonly Row[] = [
  ['QuantizeLinear', '', 10, quantize],
  ['DequantizeLinear', '', 10, dequantize],
  ['DynamicQuantizeLinear', '', 11, dynamicQuantize],
  ['QuantizeLinear', MICROSOFT, 1, quantize],
  ['DequantizeLinear', MICROSOFT, 1, dequantize],
  ['QLinearAdd', MICROSOFT, 1, quantizedBinary('add')],
  ['QLinearMul', MICROSOFT, 1, quantizedBinary('mul')],
  ['QLinearSigmoid', MICROSOFT, 1, unary('sigmoid')],
  ['QLinearLeakyRelu', MICROSOFT, 1, unary('leakyrelu')],
  ['QLinearSoftmax', MICROSOFT, 1, quantizedSoftmax],
  ['QLinearConcat', MICROSOFT, 1, quantizedConcat],
];
