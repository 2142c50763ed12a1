import { normalizeAxis, type OpAttributes, reduceShape, type Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { computation, type Outcome, type Row, type Rule, shaped, unchanged } from '../outcome.ts';

type ReduceOp = 'reducemean' | 'reducesum' | 'reducemax' | 'reducemin' | 'reduceprod' | 'reducel2';

function reduction(op: ReduceOp | 'custom'): Rule {
  return (call) => {
    const input = call.shape(0);
    const given = call.intsOrInput('axes', 1) ?? [];
    if (given.length === 0 && call.int('noop_with_empty_axes', 0) !== 0) return unchanged(call);
    const axes = [...new Set(given.map((axis) => normalizeAxis(axis, input.length)))].sort(
      (a, b) => a - b,
    );
    return reduced(op, input, {
      axes: axes.length > 0 ? axes : input.map((_, axis) => axis),
      keepDims: call.int('keepdims', 1) !== 0,
    });
  };
}

function reduced(
  op: ReduceOp | 'custom',
  input: Shape,
  attributes: OpAttributes['reducemean'],
): Outcome {
  const { axes, keepDims } = attributes;
  if (op === 'custom') {
    return shaped(op, { ...attributes }, [reduceShape(input, axes, keepDims)], { inputs: [0] });
  }
  const isGlobal = op === 'reducemean' && isSpatial(input, axes);
  return computation(isGlobal ? 'gap' : op, attributes, { inputs: [0] });
}

/** The spatial axes of an image or volume, channels first or last. */
function isSpatial(input: Shape, axes: readonly number[]): boolean {
  return (
    input.length >= 4 &&
    axes.length === input.length - 2 &&
    axes[0]! > 0 &&
    axes[axes.length - 1]! - axes[0]! === axes.length - 1
  );
}

function argument(op: 'argmax' | 'argmin'): Rule {
  return (call) => {
    const axes = [call.axis(call.shape(0).length, 0)];
    return computation(op, { axes, keepDims: call.int('keepdims', 1) !== 0 });
  };
}

const cumSum: Rule = (call) => {
  const axis = normalizeAxis(call.scalar(1), call.shape(0).length);
  return computation('cumsum', { axis }, { inputs: [0] });
};

function topKBy(count: (call: Call) => number): Rule {
  return (call) => {
    const input = call.shape(0);
    const axis = call.axis(input.length, -1);
    const k = Math.min(count(call), input[axis] ?? 1);
    return computation('topk', { axis, k }, { dataTypes: [undefined, 'int64'], inputs: [0] });
  };
}

export const reductionRows: readonly Row[] = [
  ['ReduceMean', '', 1, reduction('reducemean')],
  ['ReduceSum', '', 1, reduction('reducesum')],
  ['ReduceMax', '', 1, reduction('reducemax')],
  ['ReduceMin', '', 1, reduction('reducemin')],
  ['ReduceProd', '', 1, reduction('reduceprod')],
  ['ReduceL2', '', 1, reduction('reducel2')],
  ['ReduceL1', '', 1, reduction('custom')],
  ['ReduceLogSum', '', 1, reduction('custom')],
  ['ReduceLogSumExp', '', 1, reduction('custom')],
  ['ReduceSumSquare', '', 1, reduction('custom')],
  ['ArgMax', '', 1, argument('argmax')],
  ['ArgMin', '', 1, argument('argmin')],
  ['CumSum', '', 11, cumSum],
  ['CumProd', '', 26, cumSum],
  ['TopK', '', 1, topKBy((call) => call.requireInt('k'))],
  ['TopK', '', 10, topKBy((call) => call.scalar(1))],
];
