/** Features cut into at most 256 intervals; a value x is in bin b when edges[b-1] < x <= edges[b]. */
export interface BinnedFeatures {
  /** Column-major: bin of feature f of row j at [f * rowCount + j]. */
  bins: Uint8Array;
  /** Per feature, ascending upper bounds of all bins but the last. */
  edges: Float32Array[];
  rowCount: number;
}

/**
 * Cuts every feature at quantiles of its values, between neighbouring distinct values.
 * @param features column-major, featureCount x rowCount
 */
export function quantileBins(
  features: Float32Array,
  rowCount: number,
  maxBins: number,
): BinnedFeatures {
  const featureCount = features.length / rowCount;
  const bins = new Uint8Array(features.length);
  const edges: Float32Array[] = [];
  for (let f = 0; f < featureCount; f++) {
    const column = features.subarray(f * rowCount, (f + 1) * rowCount);
    const cuts = quantileEdges(column, maxBins);
    const binned = bins.subarray(f * rowCount, (f + 1) * rowCount);
    for (let j = 0; j < rowCount; j++) binned[j] = lowerBound(cuts, column[j]!);
    edges.push(cuts);
  }
  return { bins, edges, rowCount };
}

function quantileEdges(column: Float32Array, maxBins: number): Float32Array {
  const { values, counts } = distinct(Float32Array.from(column).sort());
  const cuts: number[] = [];
  let remaining = column.length;
  let inBin = 0;
  for (let i = 0; i + 1 < values.length && cuts.length + 1 < maxBins; i++) {
    const valuesLeft = values.length - 1 - i;
    const binsLeft = maxBins - cuts.length;
    inBin += counts[i]!;
    if (valuesLeft < binsLeft || inBin * binsLeft >= remaining) {
      cuts.push(between(values[i]!, values[i + 1]!));
      remaining -= inBin;
      inBin = 0;
    }
  }
  return Float32Array.from(cuts);
}

/** The middle of a < b in float32, never b itself. */
export function between(a: number, b: number): number {
  const middle = Math.fround(a + (b - a) / 2);
  return middle < b ? middle : a;
}

function distinct(sorted: Float32Array): { values: number[]; counts: number[] } {
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (values.length > 0 && values[values.length - 1] === value) counts[counts.length - 1]! += 1;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return { values, counts };
}

/** Index of the first edge >= x. */
function lowerBound(edges: Float32Array, x: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! >= x) high = middle;
    else low = middle + 1;
  }
  return low;
}
