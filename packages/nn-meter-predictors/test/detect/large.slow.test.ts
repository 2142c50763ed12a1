import { expect, test } from '@jest/globals';
import { detectNnMeterKernels } from '@nnmeter/nn-meter-predictors';
import { GraphBuilder } from '../../../kernel-detect/test/support/graph.ts';
import { gpu } from '../../../kernel-detect/test/support/rules.ts';

test('100,000 operands of one node', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const gates = Array.from({ length: 100_000 }, () => b.node('sigmoid', [x]));
  const sum = b.node('add', [b.node('mul', gates), ...gates]);
  const weights = b.node('softmax', [sum], { attributes: { axis: 1 } });
  const graph = b.result(weights).build();
  expect(detectNnMeterKernels(graph, gpu.official!)).toHaveLength(100_004);
});
