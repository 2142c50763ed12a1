import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { createDispatch, createService, type Dispatch, type Engine } from '@nnmeter/server';

export const FIXTURES = fileURLToPath(new URL('../../../fixtures', import.meta.url));
export const RESNET18 = `${FIXTURES}/onnx/resnet18.onnx`;
export const BYTES = new Uint8Array(readFileSync(RESNET18));

export const PREDICTORS = await Promise.all(
  ['cortexa76', 'myriadvpu'].map((name) => loadLatencyPredictor(name)),
);

const service = createService({ predictors: PREDICTORS });

/** A service in this thread. */
export const engine: Engine = { answer: service.answer, running: 0, waiting: 0 };

export const dispatch: Dispatch = createDispatch(engine, '2.0.0');

/** Total of a model on each of {@link PREDICTORS}, ms, by the library itself. */
export async function latenciesOf(model: unknown, type?: string): Promise<number[]> {
  const reports = PREDICTORS.map((predictor) => predictor.predict(model, type));
  return (await Promise.all(reports)).map(({ latencyMs }) => latencyMs);
}

/** conv -> relu in nn-Meter IR. */
export const SMALL_IR = {
  input: {
    inbounds: [],
    outbounds: ['conv'],
    attr: { type: 'Placeholder', input_shape: [], output_shape: [[1, 56, 56, 3]] },
  },
  conv: {
    inbounds: ['input'],
    outbounds: ['relu'],
    attr: {
      type: 'Conv2D',
      input_shape: [[1, 56, 56, 3]],
      output_shape: [[1, 28, 28, 16]],
      attr: { weight_shape: [3, 3, 3, 16], kernel_shape: [3, 3], strides: [2, 2], padding: 'SAME' },
    },
  },
  relu: {
    inbounds: ['conv'],
    outbounds: [],
    attr: { type: 'Relu', input_shape: [[1, 28, 28, 16]], output_shape: [[1, 28, 28, 16]] },
  },
};
