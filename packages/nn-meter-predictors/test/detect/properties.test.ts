import { expect, test } from '@jest/globals';
import { detectNnMeterKernels } from '@nnmeter/nn-meter-predictors';
import fc from 'fast-check';
import { networks } from '../../../kernel-detect/test/support/networks.ts';
import { cpu, gpu, vpu } from '../../../kernel-detect/test/support/rules.ts';

test('every node of any network is in exactly one kernel', () => {
  fc.assert(
    fc.property(networks, fc.constantFrom(cpu, gpu, vpu), (graph, rules) => {
      const members = detectNnMeterKernels(graph, rules.official!).flatMap((k) => k.nodes);
      expect(members).toHaveLength(graph.nodes.length);
      expect(new Set(members).size).toBe(graph.nodes.length);
    }),
    { numRuns: 300 },
  );
});
