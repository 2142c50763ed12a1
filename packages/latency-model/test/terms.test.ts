import { describe, expect, test } from '@jest/globals';
import { detectKernels } from '@nnmeter/kernel-detect';
import { describeKernel, TERM_SET_NAMES, termSets } from '@nnmeter/latency-model';
import { buildModel } from '@nnmeter/zoo';

const NETWORKS = [
  'alexnet',
  'googlenet',
  'mobilenet_v3_small',
  'shufflenet_v2_x0_5',
  'densenet121',
];

/** What kernels the networks have when nothing is fused, and when batch norms, activations and adds are. */
const KERNELS = [
  {},
  { BF_conv_bn: true, BF_bn_relu: true, BF_conv_relu: true, BF_conv_add: true },
].flatMap((fuse) =>
  NETWORKS.flatMap((network) => {
    const graph = buildModel(network);
    const kernels = detectKernels(graph, { fuse });
    return kernels.map((kernel) => describeKernel(kernel, graph));
  }),
);

describe.each(TERM_SET_NAMES)('%s terms', (set) => {
  const { terms, features } = termSets[set];

  test('have names of their own', () => {
    expect(new Set(terms.names).size).toBe(terms.names.length);
    expect(new Set(features.names).size).toBe(features.names.length);
  });

  test('are finite, not negative, and their weighted sum is that of the table', () => {
    const coefficients = Float64Array.from(terms.names, (_, index) => 1 / (1 + index));
    for (const kernel of KERNELS) {
      const values = new Float64Array(terms.names.length);
      terms.fill(kernel, values);
      expect(values.every((value) => value >= 0 && value < Infinity)).toBe(true);
      const sum = values.reduce((total, value, term) => total + value * coefficients[term]!, 3);
      expect(terms.addTo(3, kernel, coefficients)).toBe(sum);
    }
  });

  test('features are numbers, wherever they are written', () => {
    const alone = new Float32Array(features.names.length);
    const spread = new Float32Array(2 * features.names.length).fill(-7);
    for (const kernel of KERNELS) {
      features.fill(kernel, alone);
      features.fill(kernel, spread, 1, 2);
      expect(alone.every(Number.isFinite)).toBe(true);
      expect(spread.filter((_, index) => index % 2 === 1)).toEqual(alone);
      expect(spread.filter((_, index) => index % 2 === 0).every((value) => value === -7)).toBe(
        true,
      );
    }
  });
});
