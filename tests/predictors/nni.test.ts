import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { listLatencyPredictors, loadLatencyPredictor, modelFileToGraph } from '@nnmeter/predictor';
import { toNni } from './support/nni.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/onnx/', import.meta.url));

test.each(['resnet18', 'mobilenet_v2', 'squeezenet1_1'])(
  '%s takes as long from NNI IR as from ONNX',
  async (model) => {
    const onnx = await modelFileToGraph(`${fixtures}${model}.onnx`);
    const nni = toNni(onnx);
    for (const { name } of await listLatencyPredictors()) {
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
