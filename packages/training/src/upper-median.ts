/** The greater of the two in the middle if the count is even. */
export function upperMedian(values: readonly number[] | Float64Array): number {
  return Float64Array.from(values).sort()[values.length >> 1]!;
}
