import type { Precision } from '@nnmeter/ir';

/** The devices of the full benchmark were measured with models of this type. */
const FULL = 'float32';

/**
 * What the user should know of a network that does not compute and store its weights as the measured models do.
 * @param measured number format that the device was measured in; of `int8` all networks were quantised, of `float16` the
 * delegate computes so with float32 models
 */
export function precisionWarnings(
  { activations, weights }: Precision,
  measured: string = FULL,
): string[] {
  const types = [activations, weights].filter((type) => type !== 'unknown');
  const isAsMeasured = (type: string): boolean =>
    type === measured || (measured === 'float16' && type === FULL);
  if (measured === 'int8' && types.some((type) => !isAsMeasured(type) && type === FULL))
    return ['the latency is that of the model quantised to int8 as a whole'];
  if (types.every(isAsMeasured)) return [];
  return [
    `the model computes in ${activations} with weights in ${weights}; the device was measured with ${measured} models, and the latency is that of the model in ${measured}`,
  ];
}
