import { expect, test } from '@jest/globals';
import type { Graph } from '@nnmeter/ir';
import { KernelModel, type LatencyModelWeights, termSets } from '@nnmeter/latency-model';
import { createPredictor } from '@nnmeter/predictor';
import learned from '@nnmeter/predictors-learned';
import { datasheetWeights, KernelCollector, learnDevice, predictAll } from '@nnmeter/training';
import { buildModel } from '@nnmeter/zoo';

/** Of an RTX 3090: 71 TFLOPS of float16 with sums in float32, 936 GB/s. */
const DATASHEET = { macsPerMs: 35.6e9, bytesPerMs: 936e6 };
const { fusionRules: RULES } = await learned.rtx3090gpu_torch24_amp!();
const NAMES = [
  ...['alexnet', 'squeezenet1_1', 'mobilenet_v2', 'mobilenet_v3_large', 'resnet18', 'resnet50'],
  ...['googlenet', 'densenet121', 'mnasnet1_0', 'shufflenet_v2_x1_0', 'vgg11', 'efficientnet_b0'],
];

const UNSEEN = ['resnet34', 'vgg13', 'densenet169', 'mobilenet_v3_small', 'resnext50_32x4d'];

/** Networks as a GPU with these weights runs them. */
function measuredOn(weights: LatencyModelWeights, graphs: readonly Graph[]) {
  const collector = new KernelCollector(RULES, 'cuda');
  for (const graph of graphs) collector.add(graph);
  const set = collector.finish();
  const model = new KernelModel(weights);
  const measured = Float64Array.from(graphs, (_, at) => {
    let ms = 0;
    for (let entry = set.modelStart[at]!; entry < set.modelStart[at + 1]!; entry++)
      ms += set.uses[entry]! * model.latency(set.kernels[set.kernelIndex[entry]!]!);
    return ms;
  });
  return { device: { name: 'gpu', terms: 'cuda' as const, rules: RULES }, set, measured };
}

test('a GPU of half the speed whose library adds no bias by itself is learned from its data sheet', () => {
  const graphs = [...NAMES, ...UNSEEN].map((name) => buildModel(name));
  const known = datasheetWeights(DATASHEET);
  const bias = termSets.cuda.terms.names.indexOf('bias: O');
  const coefficients = known.coefficients.map((ms, term) => (term === bias ? 0 : 2 * ms));
  const data = measuredOn({ ...known, coefficients }, graphs);
  const { weights, adaptation } = learnDevice(data, known, (at) => at < NAMES.length);
  const errors = (predicted: Float64Array): number[] =>
    UNSEEN.map((_, at) => {
      const model = NAMES.length + at;
      return Math.abs(predicted[model]! / data.measured[model]! - 1);
    });
  expect(Math.max(...errors(predictAll(data, weights, adaptation).predicted))).toBeLessThan(0.1);
  const halfAsFast = predictAll(data, known).predicted.map((ms) => 2 * ms);
  expect(Math.max(...errors(halfAsFast))).toBeGreaterThan(0.25);
});

test('throughput: the images of a batch take as long as each of them, and reports say what it is', async () => {
  const predictor = createPredictor(await learned.rtx3090gpu_torch24_amp!());
  const one = predictor.predictGraph(buildModel('resnet50'));
  const many = predictor.predictGraph(buildModel('resnet50', { inputShape: [64, 3, 224, 224] }));
  expect(many.latencyMs / one.latencyMs).toBeGreaterThan(60);
  expect(many.latencyMs / one.latencyMs).toBeLessThan(64.1);
  expect(many.extrapolation).not.toContain('batch');
  expect(one.warnings).toContainEqual(expect.stringMatching(/by throughput: ms for each image/));
  expect(one.kernels.every(({ latencyMs, type }) => latencyMs > 0 || type === 'flatten')).toBe(
    true,
  );
});
