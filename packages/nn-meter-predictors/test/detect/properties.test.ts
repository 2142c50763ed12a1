import { expect, test } from '@jest/globals';
import { detectNnMeterKernels } from '@nnmeter/nn-meter-predictors';
import fc from 'fast-check';
import { GraphBuilder } from '../../../kernel-detect/test/support/graph.ts';
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

test('100,000 operands of one node', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const gates = Array.from({ length: 100_000 }, () => b.node('sigmoid', [x]));
  const sum = b.node('add', [b.node('mul', gates), ...gates]);
  const weights = b.node('softmax', [sum], { attributes: { axis: 1 } });
  const graph = b.result(weights).build();
  expect(detectNnMeterKernels(graph, gpu.official!)).toHaveLength(100_004);
});
