import { filled, rangeLength, range as rangeOf } from '@nnmeter/constants';
import { type DataType, elementCount, NnMeterError } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { dataTypeOf } from '../data-types.ts';
import { toNumber } from '../model.ts';
import { constant, type Row, type Rule, shaped } from '../outcome.ts';
import { tensorValues } from '../tensor-values.ts';

const constantNode: Rule = (call) => {
  const tensor = call.tensor('value');
  if (tensor !== undefined) {
    const shape = (tensor.dims ?? []).map(toNumber);
    return constant(dataTypeOf(tensor.dataType), shape, () =>
      tensorValues(tensor, elementCount(shape)),
    );
  }
  if (call.attribute('value_int')) return constant('int64', [], [call.int('value_int', 0)]);
  if (call.attribute('value_float')) return constant('float32', [], [call.float('value_float', 0)]);
  const ints = call.ints('value_ints');
  if (ints) return constant('int64', [ints.length], ints);
  const floats = call.floats('value_floats');
  if (floats) return constant('float32', [floats.length], floats);
  if (call.attribute('value_string')) return constant('string', [], undefined);
  const strings = call.attribute('value_strings')?.strings;
  if (strings != null) return constant('string', [strings.length], undefined);
  const sparse = call.attribute('sparse_value')?.sparseTensor;
  if (sparse != null) {
    const shape = (sparse.dims ?? []).map(toNumber);
    return constant(dataTypeOf(sparse.values?.dataType), shape, undefined);
  }
  throw new NnMeterError('E_INVALID_GRAPH', 'it has no value');
};

const constantOfShape: Rule = (call) => {
  const tensor = call.tensor('value');
  const shape = call.values(0);
  const value = tensor === undefined ? 0 : tensorValues(tensor, 1)?.[0];
  const dataType = tensor === undefined ? 'float32' : dataTypeOf(tensor.dataType);
  return constant(dataType, shape, filled(shape, value));
};

const shapeOf: Rule = (call) => {
  const input = call.shape(0);
  const end = call.attribute('end') && call.int('end', 0);
  const shape = input.slice(call.int('start', 0), end);
  return constant('int64', [shape.length], shape);
};

const sizeOf: Rule = (call) => constant('int64', [], [elementCount(call.shape(0))]);

const range: Rule = (call) => {
  const [start, limit, delta] = [call.scalar(0), call.scalar(1), call.scalar(2)];
  const shape = [rangeLength(start, limit, delta)];
  return constant(call.dataType(0), shape, () => rangeOf(start, limit, delta));
};

/** Weights that fade out samples towards the ends: a sum of cosines with these amplitudes, of alternating sign. */
function fading(...amplitudes: readonly number[]): Rule {
  return (call) => {
    const size = call.scalar(0);
    const period = call.int('periodic', 1) !== 0 ? size : size - 1;
    const weight = (at: number): number =>
      amplitudes.reduce(
        (sum, amplitude, order) =>
          sum + (-1) ** order * amplitude * Math.cos((2 * Math.PI * order * at) / period),
        0,
      );
    const values = () => rangeOf(0, size, 1)?.map((at) => Math.fround(weight(at)));
    return constant(dataTypeOf(call.int('output_datatype', 1)), [rangeLength(0, size, 1)], values);
  };
}

function dataTypeAttribute(call: Call, otherwise: DataType): DataType {
  const type = call.int('dtype', 0);
  return type === 0 ? otherwise : dataTypeOf(type);
}

const random: Rule = (call) =>
  shaped('custom', {}, [call.requireInts('shape')], {
    dataTypes: [dataTypeAttribute(call, 'float32')],
  });

const like: Rule = (call) =>
  shaped('custom', {}, [call.input(0).shape], {
    dataTypes: [dataTypeAttribute(call, call.dataType(0))],
  });

export const constantRows: readonly Row[] = [
  ['Constant', '', 1, constantNode],
  ['ConstantOfShape', '', 9, constantOfShape],
  ['Shape', '', 1, shapeOf],
  ['Size', '', 1, sizeOf],
  ['Range', '', 11, range],
  ['HannWindow', '', 17, fading(0.5, 0.5)],
  ['HammingWindow', '', 17, fading(25 / 46, 21 / 46)],
  ['BlackmanWindow', '', 17, fading(0.42, 0.5, 0.08)],
  ['RandomNormal', '', 1, random],
  ['RandomUniform', '', 1, random],
  ['RandomNormalLike', '', 1, like],
  ['RandomUniformLike', '', 1, like],
  ['Bernoulli', '', 15, like],
  ['EyeLike', '', 9, like],
];
