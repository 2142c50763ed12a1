import { nonZero as nonZeroElements } from '@nnmeter/constants';
import { normalizeAxis } from '@nnmeter/ir';
import { dataTypeOf } from '../data-types.ts';
import { computation, constant, type Row, type Rule, shaped } from '../outcome.ts';

const gather: Rule = (call) => computation('gather', { axis: call.axis(call.shape(0).length, 0) });

const gatherElements: Rule = (call) =>
  computation('gather', { axis: call.axis(call.shape(0).length, 0), indexing: 'elements' });

/** The last axis of the indices addresses the first axes after the batch axes. */
const gatherND: Rule = (call) => {
  const axis = call.int('batch_dims', 0);
  return computation('gather', {
    axis,
    indexing: 'nd',
    ...(axis > 0 && { batchAxes: axis }),
  });
};

const scatter: Rule = () => computation('scatter', {});

const oneHot: Rule = (call) => {
  const axis = normalizeAxis(call.int('axis', -1), call.shape(0).length + 1);
  return computation(
    'onehot',
    { axis, depth: call.scalar(1) },
    { dataTypes: [call.dataType(2)], inputs: [0, 2] },
  );
};

/** Known only for constants, as old exporters use it to number things. */
const nonZero: Rule = (call) => {
  const shape = call.shape(0);
  const { count, indices } = nonZeroElements({ shape, values: call.values(0) });
  return constant('int64', [shape.length, count], indices);
};

const sameShape = (op: 'trilu' | 'reversesequence'): Rule => {
  return (call) => shaped(op, {}, [call.input(0).shape], { inputs: [0] });
};

/** The elements, or slices of an axis, that a constant selection lets through. */
const compress: Rule = (call) => {
  const input = call.shape(0);
  const count = call.values(1).filter((selected) => selected !== 0).length;
  const shape = call.attribute('axis') ? input.with(call.axis(input.length, 0), count) : [count];
  return shaped('gather', { axis: call.int('axis', 0) }, [shape], { inputs: [0] });
};

const multinomial: Rule = (call) =>
  shaped('custom', {}, [[call.shape(0)[0]!, call.int('sample_size', 1)]], {
    dataTypes: [dataTypeOf(call.int('dtype', 6))],
  });

export const indexingRows: readonly Row[] = [
  ['Gather', '', 1, gather],
  ['GatherElements', '', 11, gatherElements],
  ['GatherND', '', 11, gatherND],
  ['Scatter', '', 9, scatter],
  ['ScatterElements', '', 11, scatter],
  ['ScatterND', '', 11, scatter],
  ['TensorScatter', '', 24, scatter],
  ['OneHot', '', 9, oneHot],
  ['NonZero', '', 9, nonZero],
  ['Compress', '', 9, compress],
  ['Trilu', '', 14, sameShape('trilu')],
  ['ReverseSequence', '', 10, sameShape('reversesequence')],
  ['Multinomial', '', 7, multinomial],
];
