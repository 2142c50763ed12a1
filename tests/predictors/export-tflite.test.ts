import { expect, test } from '@jest/globals';
import { foldIntoWeights } from '@nnmeter/export';
import { exportTflite } from '@nnmeter/export-tflite';
import { readTfLite } from '@nnmeter/frontend-tflite';
import { type Graph, precisionOf } from '@nnmeter/ir';
import { listLatencyPredictors, loadLatencyPredictor } from '@nnmeter/predictor';
import { buildDatasetModel, buildModel, datasetFamilies } from '@nnmeter/zoo';

const names = (await listLatencyPredictors(undefined, 'full')).map(({ name }) => name);
const devices = await Promise.all([...new Set(names)].map((name) => loadLatencyPredictor(name)));

const latencies = (graph: Graph): number[] => devices.map((device) => device.totalMs(graph));
const reimported = (graph: Graph): Graph => readTfLite(exportTflite(graph));

// Of densenet each lone batch normalization is a product and a sum, which take longer.
const families = datasetFamilies().filter(({ name }) => name !== 'densenet');

test.each(families.map(({ name }) => name))('%s takes as long when it is exported', (family) => {
  const graph = buildDatasetModel(family);
  const again = reimported(graph);
  expect(precisionOf(again).activations).toBe('float32');
  expect(latencies(again)).toEqual(latencies(foldIntoWeights(graph)));
  const original = latencies(graph);
  latencies(again).forEach((ms, device) => {
    expect(Math.abs(ms / original[device]! - 1)).toBeLessThan(0.003);
  });
});

/**
 * What TFLite cannot leave out: zeros that only PyTorch puts before an image are a PAD. Networks whose lone batch
 * normalization or transpositions change more than that are left to the tests of the exporter.
 */
const withPads = [
  ...['alexnet', 'efficientnet_b0', 'googlenet', 'inception_v3', 'mnasnet1_0', 'mobilenet_v2'],
  ...['mobilenet_v3_large', 'regnet_x_400mf', 'regnet_y_400mf', 'resnet18', 'resnet50'],
  ...['resnext50_32x4d', 'squeezenet1_0'],
];

test.each(withPads)('%s runs the same kernels, and pads', (name) => {
  const graph = buildModel(name);
  const again = reimported(graph);
  for (const device of devices) {
    const types = (of: Graph) => device.predictGraph(of).kernels.map(({ type }) => type);
    const withoutPads = (of: Graph) => types(of).filter((type) => type !== 'pad');
    expect(withoutPads(again)).toEqual(withoutPads(graph));
    const isSame = types(again).length === types(graph).length;
    if (isSame) expect(device.totalMs(again)).toBe(device.totalMs(graph));
  }
});
