/** Rounds up to a multiple of `unit`. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** `x^2 / (x + capacity)`: cheap while x fits a cache of that capacity, proportional beyond. */
export function saturating(value: number, capacity: number): number {
  return value === 0 ? 0 : (value * value) / (value + capacity);
}
