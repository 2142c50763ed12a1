import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { listLatencyPredictors, loadLatencyPredictor, modelFileToGraph } from '@nnmeter/predictor';
import { sharedPath, sharedTest } from '../support/shared.ts';
import { toNni } from './support/nni.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/onnx/', import.meta.url));

test.each(['resnet18', 'mobilenet_v2', 'squeezenet1_1'])(
  '%s takes as long from NNI IR as from ONNX',
  async (model) => {
    const onnx = await modelFileToGraph(`${fixtures}${model}.onnx`);
    const nni = toNni(onnx);
    for (const { name } of await listLatencyPredictors(undefined, 'full')) {
      const predictor = await loadLatencyPredictor(name);
      const expected = predictor.predictGraph(onnx);
      const report = await predictor.predict(nni, 'nni-ir');
      expect(report.kernels.map(({ type }) => type)).toEqual(
        expected.kernels.map(({ type }) => type),
      );
      expect(report.latencyMs).toBeCloseTo(expected.latencyMs, 9);
      expect(report.coverage).toEqual(expected.coverage);
    }
  },
);

/** NNI keeps batch normalization apart, and its flattened models tell no add which convolution it follows. */
const TOLERANCE = 0.01;

for (const dump of ['mobilenet_v2', 'mobilenet_v2.flat']) {
  sharedTest(`NNI's own dump ${dump} takes as long as the ONNX file`, async () => {
    for (const { name } of await listLatencyPredictors(undefined, 'full')) {
      const predictor = await loadLatencyPredictor(name);
      const expected = await predictor.predict(`${fixtures}mobilenet_v2.onnx`);
      const report = await predictor.predict(sharedPath(`nni/${dump}.json`));
      const difference = Math.abs(report.latencyMs / expected.latencyMs - 1);
      expect(difference).toBeLessThan(name.startsWith('cortexA76') ? 1e-9 : TOLERANCE);
      expect(report.coverage.macs).toBe(1);
    }
  });
}
