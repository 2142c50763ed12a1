/** Median of the milliseconds that each call takes. */
export function medianMs<T>(items: readonly T[], work: (item: T) => unknown): number {
  const times = items.map((item) => {
    const start = performance.now();
    work(item);
    return performance.now() - start;
  });
  return median(times);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** Three significant digits. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}
