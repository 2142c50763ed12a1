/** How well an order is predicted, for those who choose the fastest of many: 1 for the same order, -1 for the reverse. */
export interface RankCorrelation {
  /** Spearman's rho: the correlation of ranks, equal values sharing theirs. */
  readonly spearman: number;
  /** Kendall's tau-b: how much more of the pairs are in the same order than in the other, ties apart. */
  readonly kendall: number;
}

/** @returns NaN for what all values of a side being equal leaves undefined, as for fewer than two pairs */
export function rankCorrelation(
  predicted: readonly number[],
  measured: readonly number[],
): RankCorrelation {
  return {
    spearman: correlation(ranks(predicted), ranks(measured)),
    kendall: kendall(predicted, measured),
  };
}

/** From 1; equal values share the mean of theirs. */
function ranks(values: readonly number[]): Float64Array {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const found = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) found[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return found;
}

function correlation(x: Float64Array, y: Float64Array): number {
  const mean = (x.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let at = 0; at < x.length; at++) {
    const [a, b] = [x[at]! - mean, y[at]! - mean];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Knight's way: sorted by one side, the discordant pairs are the exchanges that sorting by the other takes. */
function kendall(x: readonly number[], y: readonly number[]): number {
  const order = [...x.keys()].sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!);
  const pairs = pairsOf(x.length);
  const tiedX = tiedPairs(order, (a, b) => x[a] === x[b]);
  const tiedBoth = tiedPairs(order, (a, b) => x[a] === x[b] && y[a] === y[b]);
  const sorted = Float64Array.from(order, (at) => y[at]!);
  const discordant = sortCounting(sorted, new Float64Array(sorted.length), 0, sorted.length);
  const tiedY = tiedPairs([...sorted.keys()], (a, b) => sorted[a] === sorted[b]);
  const concordant = pairs - tiedX - tiedY + tiedBoth - discordant;
  return (concordant - discordant) / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

const pairsOf = (count: number): number => (count * (count - 1)) / 2;

/** Pairs within runs of equal neighbours. */
function tiedPairs(order: readonly number[], isEqual: (a: number, b: number) => boolean): number {
  let pairs = 0;
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && isEqual(order[start]!, order[end]!)) end++;
    pairs += pairsOf(end - start);
    start = end;
  }
  return pairs;
}

/** Sorts values from start to end by merging. @returns how many pairs stood the other way round */
function sortCounting(
  values: Float64Array,
  merged: Float64Array,
  start: number,
  end: number,
): number {
  if (end - start < 2) return 0;
  const middle = (start + end) >> 1;
  let count =
    sortCounting(values, merged, start, middle) + sortCounting(values, merged, middle, end);
  let [left, right] = [start, middle];
  for (let at = start; at < end; at++) {
    if (right >= end || (left < middle && values[left]! <= values[right]!)) {
      merged[at] = values[left++]!;
    } else {
      merged[at] = values[right++]!;
      count += middle - left;
    }
  }
  values.set(merged.subarray(start, end), start);
  return count;
}
