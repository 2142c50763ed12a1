import { expect, test } from '@jest/globals';
import { detectKernels } from '@nnmeter/kernel-detect';
import { GraphBuilder } from './support/graph.ts';
import { gpu } from './support/rules.ts';

test('100,000 operands of one node', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const gates = Array.from({ length: 100_000 }, () => b.node('sigmoid', [x]));
  const sum = b.node('add', [b.node('mul', gates), ...gates]);
  const weights = b.node('softmax', [sum], { attributes: { axis: 1 } });
  const graph = b.result(weights).build();
  expect(detectKernels(graph, gpu)).toHaveLength(100_004);
});

test('200,000 nodes in a chain, and 200,000 readers of one tensor', () => {
  const chain = new GraphBuilder();
  let last = chain.input('x');
  for (let k = 0; k < 200_000; k++) last = chain.node('relu', [last], { shape: [1, 16, 8, 8] });
  const kernels = detectKernels(chain.result(last).build(), gpu);
  expect(kernels).toHaveLength(25_000);
  expect(kernels[0]!.stages).toHaveLength(8);

  const star = new GraphBuilder();
  const x = star.node('relu', [star.input('x')]);
  const slices = Array.from({ length: 100_000 }, () =>
    star.node('slice', [x], {
      attributes: { axes: [1], starts: [0], ends: [8], steps: [1] },
      shape: [1, 8, 8, 8],
    }),
  );
  const joined = star.node('concat', slices, { attributes: { axis: 1 } });
  const found = detectKernels(star.result(joined).build(), gpu);
  expect(found).toHaveLength(100_002);
  expect(found.at(-1)!.inputs).toHaveLength(100_000);
});
