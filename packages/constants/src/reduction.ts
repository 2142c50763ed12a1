import { elementCount, type OpAttributes, type Shape } from '@nnmeter/ir';
import { type ConstantArray, type Elements, otherAxes, reordered } from './array.ts';
import { hasUnknowns } from './types.ts';

type Reduce = (values: Elements) => number;

const sum: Reduce = (values) => values.reduce((a, b) => a + b, 0);
const sumOfSquares: Reduce = (values) => values.reduce((a, b) => a + b * b, 0);
const largest: Reduce = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
const smallest: Reduce = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);

/** Without overflow: the largest exponent is taken out. */
function logSumExp(values: Elements): number {
  const most = largest(values);
  if (!Number.isFinite(most)) return most;
  return most + Math.log(sum(values.map((value) => Math.exp(value - most))));
}

const reductions = {
  reducesum: sum,
  reducemean: (values) => sum(values) / values.length,
  gap: (values) => sum(values) / values.length,
  reduceprod: (values) => values.reduce((a, b) => a * b, 1),
  reducemax: largest,
  reducemin: smallest,
  globalmaxpool: largest,
  reducel1: (values) => sum(values.map(Math.abs)),
  reducel2: (values) => Math.sqrt(sumOfSquares(values)),
  reducesumsquare: sumOfSquares,
  reducelogsum: (values) => Math.log(sum(values)),
  reducelogsumexp: logSumExp,
  reduceall: (values) => Number(values.every((value) => value !== 0)),
  reduceany: (values) => Number(values.some((value) => value !== 0)),
} satisfies Record<string, Reduce>;

/** Of the elements along some axes one. */
export type ReductionFunction = keyof typeof reductions;

export const reductionFunctions = Object.keys(reductions) as readonly ReductionFunction[];

/** Of truth values, of which there may be none. */
const OF_BOOLS: Partial<Record<ReductionFunction, Reduce>> = {
  reducemax: reductions.reduceany,
  reducemin: reductions.reduceall,
};

export function reduce(
  name: ReductionFunction,
  { shape, values, dataType }: ConstantArray,
  axes: readonly number[],
): Elements {
  const whole = (dataType === 'bool' ? OF_BOOLS[name] : undefined) ?? reductions[name];
  const reduced: Reduce = (line) =>
    hasUnknowns(dataType) && line.some(Number.isNaN) ? Number.NaN : whole(line);
  const kept = otherAxes(shape.length, axes);
  const width = elementCount(axes.map((axis) => shape[axis]!));
  const count = elementCount(kept.map((axis) => shape[axis]!));
  const lines = reordered(shape, values, [...kept, ...axes]);
  return Array.from({ length: count }, (_, line) =>
    reduced(lines.slice(line * width, (line + 1) * width)),
  );
}

/** Applies to the elements along one axis; the results, of one length, stand in their place. */
function alongAxis(
  { shape, values }: ConstantArray,
  axis: number,
  apply: (values: Elements) => Elements,
): Elements {
  const others = otherAxes(shape.length, [axis]);
  const width = shape[axis] ?? 1;
  const rest: Shape = others.map((other) => shape[other]!);
  const lines = reordered(shape, values, [...others, axis].slice(0, shape.length));
  const results = Array.from({ length: elementCount(rest) }, (_, line) =>
    apply(lines.slice(line * width, (line + 1) * width)),
  );
  const length = results[0]?.length ?? 0;
  const order = shape.map((_, at) => (at === axis ? others.length : others.indexOf(at)));
  return reordered([...rest, length], results.flat(), order);
}

/** The place of the largest, or smallest; the first of equal ones unless `last`. */
export function argument(
  data: ConstantArray,
  axis: number,
  how: { readonly isSmallest: boolean; readonly isLast: boolean },
): Elements {
  return alongAxis(data, axis, (values) => {
    let best = 0;
    for (const [at, value] of values.entries()) {
      const rest = how.isSmallest ? values[best]! - value : value - values[best]!;
      if (rest > 0 || (how.isLast && rest === 0)) best = at;
    }
    return [best];
  });
}

/** Sums, or products, of what stands before an element and, unless `isExclusive`, of itself. */
export function cumulate(
  data: ConstantArray,
  axis: number,
  how: {
    readonly isExclusive: boolean;
    readonly isReversed: boolean;
    readonly isProduct?: boolean;
  },
): Elements {
  const cumulated = (values: Elements): Elements => {
    let total = how.isProduct ? 1 : 0;
    return values.map((value) => {
      const before = total;
      total = how.isProduct ? total * value : total + value;
      return how.isExclusive ? before : total;
    });
  };
  return alongAxis(data, axis, (values) =>
    how.isReversed ? cumulated(values.toReversed()).toReversed() : cumulated(values),
  );
}

/** The largest elements, or smallest, in order, and their places. */
export function topK(
  data: ConstantArray,
  { axis, k }: OpAttributes['topk'],
  isSmallest: boolean,
): readonly Elements[] {
  const sign = isSmallest ? 1 : -1;
  const order = (values: Elements): Elements =>
    [...values.keys()].sort((a, b) => sign * (values[a]! - values[b]!) || a - b).slice(0, k);
  return [
    alongAxis(data, axis, (values) => order(values).map((index) => values[index]!)),
    alongAxis(data, axis, order),
  ];
}

/** Shares, their logarithms, or 1 for the first largest and 0 for others. */
export function softmax(
  data: ConstantArray,
  axis: number,
  how: 'softmax' | 'logsoftmax' | 'hardmax',
): Elements {
  return alongAxis(data, axis, (values) => {
    if (how === 'hardmax') {
      const first = values.indexOf(largest(values));
      return values.map((_, at) => Number(at === first));
    }
    const whole = logSumExp(values);
    return values.map((value) => (how === 'softmax' ? Math.exp(value - whole) : value - whole));
  });
}

/** Elements by the norm of those along an axis, of the order 1 or 2. */
export function normalize(data: ConstantArray, axis: number, order: number): Elements {
  return alongAxis(data, axis, (values) => {
    const norm = order === 1 ? reductions.reducel1(values) : reductions.reducel2(values);
    return values.map((value) => (norm === 0 ? 0 : value / norm));
  });
}
