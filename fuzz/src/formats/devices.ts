import { parseDatasetModel } from '@nnmeter/dataset';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, GraphBuilder } from '@nnmeter/ir';
import { calibratePredictor, createPredictor, fitCalibration } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';
import type { FuzzFormat } from '../format.ts';
import { mutants } from '../mutants.ts';
import { json } from '../syntax/json.ts';
import { weights as weightsSyntax } from '../syntax/weights.ts';
import { checkedReport } from '../use-graph.ts';

const device = createPredictor(cortexA76);
const NETWORK = buildModel('mobilenet_v3_small');

export const weights: FuzzFormat = {
  name: 'weights',
  suffix: '.bin',
  testRuns: 40,
  mutants: () => mutants(weightsSyntax, [Buffer.from(cortexA76.weights, 'base64')]),
  use: (bytes) => {
    const encoded = Buffer.from(bytes).toString('base64');
    checkedReport(createPredictor({ ...cortexA76, weights: encoded }), NETWORK);
  },
};

export const calibration: FuzzFormat = {
  name: 'calibration',
  suffix: '.json',
  testRuns: 500,
  mutants: () => {
    const latencyMs = 1.5 * device.totalMs(NETWORK);
    const fitted = fitCalibration(device, [{ graph: NETWORK, latencyMs }]);
    return mutants(json, [Buffer.from(JSON.stringify(fitted))], { damage: false });
  },
  use: (bytes) => {
    checkedReport(calibratePredictor(device, JSON.parse(text(bytes))), NETWORK);
  },
};

export const datasetLine: FuzzFormat = {
  name: 'dataset-line',
  suffix: '.jsonl',
  testRuns: 500,
  mutants: () => {
    const line = { id: 'small_1', graph: writeNnMeterIr(small()), cortexA76cpu_tflite21: 12.5 };
    return mutants(json, [Buffer.from(JSON.stringify(line))]);
  },
  use: (bytes) => {
    const { id, graph } = parseDatasetModel(text(bytes), 'line 1');
    checkedReport(device, readNnMeterIr(graph, { name: id }));
  },
};

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function small(): Graph {
  const builder = new GraphBuilder('small');
  const image = builder.input('image', [1, 3, 32, 32]);
  const features = builder.relu(builder.conv(image, 8, { kernel: 3, stride: 2, padding: 1 }));
  return builder.build(builder.fc(builder.flatten(builder.gap(features)), 10));
}
