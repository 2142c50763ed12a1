import { expect, test } from '@jest/globals';
import { type Graph, GraphBuilder } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { decodeLatencyModel, type KernelPrediction } from '@nnmeter/latency-model';
import { createPredictor } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriadVpu from '@nnmeter/predictor-myriadvpu';
import { buildModel } from '@nnmeter/zoo';

/** Two branches of ReLU and convolution, added: while the unit computes the first, the ReLU of the second can run. */
function twoBranches(): Graph {
  const b = new GraphBuilder('two branches');
  const stem = b.conv(b.input('x', [1, 16, 32, 32]), 16, { kernel: 3, padding: 1 });
  const branch = () => b.conv(b.relu(stem), 16, { kernel: 3, padding: 1 });
  return b.build(b.add(branch(), branch()));
}

function predict(
  graph: Graph,
  definition: typeof myriadVpu,
): (KernelPrediction & { op: string })[] {
  const model = decodeLatencyModel(Buffer.from(definition.weights, 'base64'));
  const kernels = detectKernels(graph, definition.fusionRules);
  return model
    .predictKernels(kernels, graph)
    .map((prediction, index) => ({ ...prediction, op: kernels[index]!.root.op }));
}

test('on a VPU an element-wise kernel runs beside a convolution that does not wait for it', () => {
  const graph = twoBranches();
  const hidden = predict(graph, myriadVpu).filter(({ hiddenMs = 0 }) => hiddenMs > 0);
  expect(hidden.map(({ op }) => op)).toEqual(['relu']);
  const [relu] = hidden;
  const { beside, ...alone } = relu!.description!;
  const model = decodeLatencyModel(Buffer.from(myriadVpu.weights, 'base64'));
  expect(relu!.hiddenMs! + relu!.latencyMs).toBeCloseTo(
    model.predictDescribed(alone).latencyMs,
    12,
  );
  expect(beside!.kind).toBe(0);
  const predictor = createPredictor(myriadVpu);
  expect(predictor.kernelsTotalMs(predictor.describeKernels(graph))).toBe(predictor.totalMs(graph));
  expect(predictor.predictGraph(graph).latencyMs).toBe(predictor.totalMs(graph));
});

test('nothing runs beside anything in a chain, nor on another device', () => {
  const b = new GraphBuilder('chain');
  let x = b.conv(b.input('x', [1, 16, 32, 32]), 16, { kernel: 3, padding: 1 });
  for (let step = 0; step < 4; step++) x = b.conv(b.relu(x), 16, { kernel: 3 });
  const kernels = [
    ...predict(b.build(x), myriadVpu),
    ...predict(buildModel('vgg11'), myriadVpu),
    ...predict(twoBranches(), cortexA76),
  ];
  expect(kernels.filter(({ hiddenMs }) => hiddenMs !== undefined)).toEqual([]);
});
