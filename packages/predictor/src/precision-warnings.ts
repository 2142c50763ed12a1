import type { Precision } from '@nnmeter/ir';

/** All devices were measured with models of this type. */
const MEASURED = 'float32';

/** What the user should know of a network that does not compute and store its weights as the measured models do. */
export function precisionWarnings({ activations, weights }: Precision): string[] {
  const differs = [activations, weights].some((type) => type !== MEASURED && type !== 'unknown');
  if (!differs) return [];
  return [
    `the model computes in ${activations} with weights in ${weights}; the device was measured with ${MEASURED} models, and the latency is that of the model in ${MEASURED}`,
  ];
}
