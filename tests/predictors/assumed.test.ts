import { expect, test } from '@jest/globals';
import { createGraph } from '@nnmeter/ir';
import { createPredictor } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';

const predictor = createPredictor(cortexA76);

test('what is only assumed to run is no measurement', () => {
  const graph = buildModel('resnet18');
  const bodies = graph.nodes.map((node) =>
    node.name.startsWith('layer4') ? ({ ...node, isAssumed: true } as const) : node,
  );
  const { name, tensors, inputs, outputs } = graph;
  const loop = createGraph({ name, tensors: tensors.values(), inputs, outputs, nodes: bodies });
  const [known, assumed] = [predictor.predictGraph(graph), predictor.predictGraph(loop)];
  expect(assumed.latencyMs).toBe(known.latencyMs);
  expect(known.kernels.every(({ basis }) => basis === 'measured')).toBe(true);
  const isInLoop = (nodes: readonly string[]) => nodes.some((node) => node.startsWith('layer4'));
  for (const { basis, nodes } of assumed.kernels)
    expect(basis).toBe(isInLoop(nodes) ? 'estimated' : 'measured');
  expect(assumed.coverage.macs).toBeLessThan(known.coverage.macs);
  const width = ({ interval }: typeof known) => interval!.high / interval!.low;
  expect(width(assumed)).toBeGreaterThan(width(known));
  expect(assumed.warnings.filter((text) => text.includes('never measured'))).toEqual([]);
});
