import { expect, test } from '@jest/globals';
import { type Graph, GraphBuilder } from '@nnmeter/ir';
import {
  Adapter,
  fitAdaptation,
  type KernelTime,
  knownMs,
  reloadMs,
  weightMB,
} from '@nnmeter/latency-model';
import { compileSpace, defineSpace, nniLatencyTable, TableScorer } from '@nnmeter/nas';
import { calibratePredictor, createPredictor, fitCalibration } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';

const RELOADS = [
  { beyondMB: 4, msPerMB: 0.5 },
  { beyondMB: 16, msPerMB: 1.25 },
];
const plain = createPredictor(cortexA76);
const reloading = createPredictor({
  ...cortexA76,
  name: 'laptop',
  adaptation: { scale: 1, startup: 1, kinds: {}, reloads: RELOADS },
});
/** 11,689,512 parameters (torchvision), but 9,600 of batch normalization and 1,000 biases, in float32. */
const RESNET18_MB = 4e-6 * 11_678_912;
const RESNET18_RELOAD_MS = 0.5 * (RESNET18_MB - 4) + 1.25 * (RESNET18_MB - 16);

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

test('weights beyond what caches hold take time, in the kernels that have them', () => {
  const graph = buildModel('resnet18');
  const report = reloading.predictGraph(graph);
  const before = plain.predictGraph(graph);
  expect(report.latencyMs).toBeCloseTo(before.latencyMs + RESNET18_RELOAD_MS, 6);
  expect(sum(report.kernels.map(({ reloadMs = 0 }) => reloadMs))).toBeCloseTo(
    RESNET18_RELOAD_MS,
    6,
  );
  expect(report.startupMs + sum(report.kernels.map((each) => each.latencyMs))).toBeCloseTo(
    report.latencyMs,
    6,
  );
  const largest = report.kernels.find(({ type }) => type.startsWith('fc'))!;
  expect(largest.reloadMs).toBeCloseTo((RESNET18_RELOAD_MS * 4e-6 * 512_000) / RESNET18_MB, 6);
  expect(reloading.totalMs(graph)).toBeCloseTo(report.latencyMs, 9);
  expect(reloading.kernelsTotalMs(reloading.describeKernels(graph))).toBeCloseTo(
    report.latencyMs,
    9,
  );
  expect(report.coverage).toEqual(before.coverage);
});

test('a network that caches hold takes what its kernels take', () => {
  const builder = new GraphBuilder('small');
  const graph = builder.build(builder.conv(builder.input('x', [1, 64, 56, 56]), 64));
  expect(reloading.totalMs(graph)).toBe(plain.totalMs(graph));
  expect(reloading.predictGraph(graph).kernels[0]!.reloadMs).toBeUndefined();
});

test('weights that never meet the image are not read', () => {
  const builder = new GraphBuilder('corner');
  const image = builder.input('x', [1, 1024, 1, 1]);
  const graph = builder.build(builder.conv(image, 1024, { kernel: 7, padding: 3 }));
  // Of 49 pixels of the window the one in its middle.
  const megabytes = 4e-6 * 1024 * 1024;
  expect(reloading.totalMs(graph) - plain.totalMs(graph)).toBeCloseTo(0.5 * (megabytes - 4), 6);
});

test('at half the clock all of it takes twice as long', () => {
  const graph = buildModel('resnet18');
  const latencyMs = 2 * reloading.totalMs(graph);
  const calibrated = calibratePredictor(
    reloading,
    fitCalibration(reloading, [{ graph, latencyMs }]),
  );
  const other = buildModel('resnet34');
  expect(calibrated.totalMs(other)).toBeCloseTo(2 * reloading.totalMs(other), 6);
});

const widths = defineSpace({
  name: 'widths',
  input: [1, 3, 32, 32],
  choices: { a: [64, 512, 1024], b: [32, 256, 512], c: [3, 5] },
  build({ a, b, c }, builder, input) {
    const x = builder.relu(builder.conv(builder.input('x', input), Number(a), { kernel: 3 }));
    const y = builder.conv(x, Number(b), { kernel: Number(c) });
    return builder.build(builder.fc(builder.flatten(builder.gap(y)), 1000));
  },
});

test('tables of searches are the predictor, calibrated or not', async () => {
  const graph = buildModel('resnet18');
  const latencyMs = 3 * reloading.totalMs(graph);
  const slower = calibratePredictor(reloading, fitCalibration(reloading, [{ graph, latencyMs }]));
  for (const predictor of [reloading, slower]) {
    const table = await compileSpace(widths, [predictor, plain]);
    const scorer = new TableScorer(JSON.parse(JSON.stringify(table)));
    for (const sample of [
      { a: 64, b: 32, c: 3 },
      { a: 512, b: 512, c: 5 },
      { a: 1024, b: 512, c: 5 },
    ]) {
      const network = widths.build(sample);
      const [ours, other] = Object.values(scorer.figures(sample).latency);
      const report = predictor.predictGraph(network);
      expect(ours!.ms / report.latencyMs).toBeCloseTo(1, 10);
      if (predictor === reloading)
        expect(ours!.interval!.high / report.interval!.high).toBeCloseTo(1, 9);
      expect(other!.ms / plain.totalMs(network)).toBeCloseTo(1, 10);
    }
    expect(() => nniLatencyTable(table)).toThrow(/NNI's latency tables are sums, but laptop/);
  }
});

/** A network as the fit sees it, on a device that is as fast but for weights. */
function measured(graph: Graph): {
  startupMs: number;
  kernels: { kernel: KernelTime; uses: number }[];
  measuredMs: number;
} {
  const { startupMs, kernels, latencyMs } = plain.predictGraph(graph);
  const times = kernels.map(({ configuration, latencyMs: ms }) => ({
    kernel: { configuration: configuration!, ms, estimatedShare: 0 },
    uses: 1,
  }));
  const megabytes = sum(times.map(({ kernel }) => weightMB(kernel.configuration)));
  return { startupMs, kernels: times, measuredMs: latencyMs + reloadMs(RELOADS, megabytes) };
}

test('what weights take is learned from networks of several sizes', () => {
  const learned = ['alexnet', 'squeezenet1_1', 'mobilenet_v2', 'resnet18', 'resnet50', 'googlenet'];
  const models = [...learned, 'densenet121', 'mnasnet1_0', 'shufflenet_v2_x1_0', 'vgg11'].map(
    (name) => measured(buildModel(name)),
  );
  const unseen = measured(buildModel('resnet34'));
  const errorOf = (isReloading: boolean): number => {
    const adaptation = fitAdaptation(models, { isReloading });
    const adapter = new Adapter(adaptation);
    const megabytes = sum(unseen.kernels.map(({ kernel }) => weightMB(kernel.configuration)));
    const kernels = unseen.kernels.map(({ kernel, uses }) => ({
      kernel: { ...kernel, ms: adapter.kernelMs(kernel.configuration, kernel.ms, 0) },
      uses,
    }));
    const ms = knownMs({
      startupMs: adapter.startupMs(unseen.startupMs),
      reloadMs: reloadMs(adaptation.reloads ?? [], megabytes),
      kernels,
    });
    return Math.abs(ms / unseen.measuredMs - 1);
  };
  expect(errorOf(true)).toBeLessThan(0.1);
  expect(errorOf(true)).toBeLessThan(errorOf(false) / 2);
});
