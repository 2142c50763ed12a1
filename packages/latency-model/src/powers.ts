/**
 * A latency is the same number wherever it is computed, but engines differ in the last of 53 bits of `Math.exp` and
 * `Math.log2`. Rounded to 24 bits they agree, but for about one argument in a thousand million.
 */

/** e to the power of a number, within 6e-8 of it. */
export const exp = (exponent: number): number => Math.fround(Math.exp(exponent));

/** Binary logarithm, within 6e-8 of it. */
export const binaryLogarithm = (value: number): number => Math.fround(Math.log2(value));
