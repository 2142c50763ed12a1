import { elementCount, normalizeAxis } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { mapCoordinates, stridesOf } from './indices.ts';
import type { Evaluator } from './table.ts';

function reducing(combine: (values: readonly number[]) => number): Evaluator {
  return (call, [output]) => {
    const input = call.shape(0);
    const given = call.intsOrInput('axes', 1) ?? [];
    const reduced = new Set(
      given.length > 0
        ? given.map((axis) => normalizeAxis(axis, input.length))
        : input.map((_, axis) => axis),
    );
    const kept = input.map((extent, axis) => (reduced.has(axis) ? 1 : extent));
    const strides = stridesOf(kept);
    const groups: number[][] = Array.from({ length: output!.reduce((a, b) => a * b, 1) }, () => []);
    let next = 0;
    mapCoordinates(input, (coordinates) => {
      const group = strides.reduce(
        (sum, stride, axis) => sum + (reduced.has(axis) ? 0 : stride * coordinates[axis]!),
        0,
      );
      groups[group]!.push(call.values(0)[next++]!);
    });
    return [groups.map(combine)];
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const sumOfSquares = (values: readonly number[]): number => values.reduce((a, b) => a + b * b, 0);

/** Without overflow: the largest exponent is taken out. */
function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  if (!Number.isFinite(most)) return most;
  return most + Math.log(sum(values.map((value) => Math.exp(value - most))));
}

/** The position of the first, or last, of the best along one axis. */
function argument(isBetter: (value: number, best: number) => boolean): Evaluator {
  return (call) => {
    const prefersLast = call.int('select_last_index', 0) !== 0;
    return [
      alongAxis(call, call.axis(call.shape(0).length, 0), (values) => {
        let best = 0;
        values.forEach((value, at) => {
          if (isBetter(value, values[best]!) || (prefersLast && value === values[best]!)) best = at;
        });
        return [best];
      }),
    ];
  };
}

/** Applies to the elements along one axis; the results stand in their place. */
function alongAxis(
  call: Call,
  axis: number,
  apply: (values: readonly number[]) => readonly number[],
): readonly number[] {
  const shape = call.shape(0);
  const values = call.values(0);
  const extent = shape[axis] ?? 1;
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const result: number[] = [];
  for (let block = 0; block < outer; block++) {
    const lines = Array.from({ length: inner }, (_, at) =>
      apply(
        Array.from(
          { length: extent },
          (_, index) => values[(block * extent + index) * inner + at]!,
        ),
      ),
    );
    const length = lines[0]?.length ?? 0;
    for (let index = 0; index < length; index++)
      for (const line of lines) result.push(line[index]!);
  }
  return result;
}

const cumSum: Evaluator = (call) => {
  const axis = normalizeAxis(call.scalar(1), call.shape(0).length);
  const isExclusive = call.int('exclusive', 0) !== 0;
  const isReversed = call.int('reverse', 0) !== 0;
  const cumulate = (values: readonly number[]): readonly number[] => {
    let total = 0;
    return values.map((value) => {
      const before = total;
      total += value;
      return isExclusive ? before : total;
    });
  };
  return [
    alongAxis(call, axis, (values) =>
      isReversed ? cumulate(values.toReversed()).toReversed() : cumulate(values),
    ),
  ];
};

const topK: Evaluator = (call, [output]) => {
  const axis = call.axis(call.shape(0).length, -1);
  const sign = call.int('largest', 1) === 0 ? 1 : -1;
  const order = (values: readonly number[]): readonly number[] =>
    [...values.keys()]
      .sort((a, b) => sign * (values[a]! - values[b]!) || a - b)
      .slice(0, output![axis]);
  return [
    alongAxis(call, axis, (values) => order(values).map((index) => values[index]!)),
    alongAxis(call, axis, order),
  ];
};

export const reductionEvaluators: Readonly<Record<string, Evaluator>> = {
  ReduceProd: reducing((values) => values.reduce((a, b) => a * b, 1)),
  ReduceSum: reducing(sum),
  ReduceMean: reducing((values) => sum(values) / values.length),
  ReduceMax: reducing((values) => Math.max(...values)),
  ReduceMin: reducing((values) => Math.min(...values)),
  ReduceL1: reducing((values) => sum(values.map(Math.abs))),
  ReduceL2: reducing((values) => Math.sqrt(sumOfSquares(values))),
  ReduceSumSquare: reducing(sumOfSquares),
  ReduceLogSum: reducing((values) => Math.log(sum(values))),
  ReduceLogSumExp: reducing(logSumExp),
  ArgMax: argument((value, best) => value > best),
  ArgMin: argument((value, best) => value < best),
  CumSum: cumSum,
  TopK: topK,
};
