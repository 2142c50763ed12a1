import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnx, readOnnxFile } from '@nnmeter/frontend-onnx';
import { readTensorFlowFile } from '@nnmeter/frontend-tf';
import { readTfLiteFile } from '@nnmeter/frontend-tflite';
import { readPt2 } from '@nnmeter/frontend-torch';
import type { Graph } from '@nnmeter/ir';
import { type LatencyPredictor, loadLatencyPredictor } from '@nnmeter/predictor';
import { buildModel } from '@nnmeter/zoo';
import { sharedPath, sharedTest } from '../../../tests/support/shared.ts';

const root = join(import.meta.dirname, '../../..');
const devices = ['cortexA76', 'adreno640', 'adreno630', 'myriad'];

let predictors: LatencyPredictor[];
beforeAll(async () => {
  predictors = await Promise.all(devices.map((device) => loadLatencyPredictor(device)));
});

/** Milliseconds on every device. */
function latencies(graph: Graph): number[] {
  return predictors.map((predictor) => predictor.predictGraph(graph).latencyMs);
}

function throughIr(graph: Graph): Graph {
  return readNnMeterIr(JSON.stringify(writeNnMeterIr(graph)));
}

function throughOnnx(graph: Graph): Graph {
  return readOnnx(graphToOnnx(graph));
}

function expectWithin(share: number, actual: number[], expected: number[]): void {
  for (const [index, device] of devices.entries()) {
    expect({ device, ratio: actual[index]! / expected[index]! - 1 }).toEqual({
      device,
      ratio: expect.closeTo(0, -Math.log10(2 * share)),
    });
  }
}

describe('one network takes equally long whichever way it comes', () => {
  const onnx = ['mobilenet_v2', 'mobilenet_v3_small', 'resnet18', 'shufflenet_v2_x0_5'];
  test.each(onnx)('%s: ONNX, nn-Meter IR, exported ONNX', async (name) => {
    const graph = await readOnnxFile(join(root, `fixtures/onnx/${name}.onnx`));
    const expected = latencies(graph);
    expectWithin(0.0001, latencies(throughIr(graph)), expected);
    expectWithin(0.0001, latencies(throughOnnx(graph)), expected);
  });

  test.each(['mobilenet_v2', 'resnet18', 'shufflenet_v2_x0_5'])('%s: ONNX, zoo', async (name) => {
    const exported = await readOnnxFile(join(root, `fixtures/onnx/${name}.onnx`));
    expectWithin(0.0001, latencies(buildModel(name)), latencies(exported));
  });

  test('mobilenet_v2: torch.export, ONNX, nn-Meter IR, exported ONNX', async () => {
    const graph = await readPt2(join(root, 'fixtures/pt2/mobilenet_v2.pt2'));
    const expected = latencies(graph);
    const onnx = await readOnnxFile(join(root, 'fixtures/onnx/mobilenet_v2.onnx'));
    expectWithin(0.01, latencies(onnx), expected);
    expectWithin(0.0001, latencies(throughIr(graph)), expected);
    expectWithin(0.0001, latencies(throughOnnx(graph)), expected);
  });

  sharedTest('resnet18, mobilenet_v3_small: torch.export, zoo', async () => {
    for (const name of ['resnet18', 'mobilenet_v3_small']) {
      const path = sharedPath(`pt2/${name}.stripped.pt2`);
      const graph = await readPt2(path, { inputShapes: [1, 3, 224, 224] });
      expectWithin(0.01, latencies(graph), latencies(buildModel(name)));
    }
  });

  const tensorflow = [
    'densenet121',
    'efficientnet_b0',
    'inception_v3',
    'mobilenet_v1',
    'mobilenet_v2',
    'mobilenet_v3_small',
    'resnet50',
    'slim',
    'two_inputs',
  ];
  test.each(tensorflow)('%s: TensorFlow, nn-Meter IR, exported ONNX', async (name) => {
    const graph = await readTensorFlowFile(join(root, `fixtures/tf/${name}.pb`));
    const expected = latencies(graph);
    expectWithin(0.0001, latencies(throughIr(graph)), expected);
    expectWithin(0.0001, latencies(throughOnnx(graph)), expected);
  });

  const tflite = ['mobilenet_v2_f32', 'tiny_cnn_f16', 'transposed', 'conv3d'];
  test.each(tflite)('%s: TFLite, nn-Meter IR, exported ONNX', async (name) => {
    const graph = await readTfLiteFile(join(root, `fixtures/tflite/${name}.tflite`));
    const expected = latencies(graph);
    expectWithin(0.0001, latencies(throughIr(graph)), expected);
    expectWithin(0.0001, latencies(throughOnnx(graph)), expected);
  });

  test('MobileNetV2: TFLite, zoo', async () => {
    const graph = await readTfLiteFile(join(root, 'fixtures/tflite/mobilenet_v2_f32.tflite'));
    for (const predictor of predictors) {
      const named = predictor.predictGraph(buildModel('mobilenet_v2'));
      const { kernels } = predictor.predictGraph(graph);
      expect(kernels.at(-1)!.type).toBe('softmax');
      // Keras pads the odd element of a stride at the end, torchvision at both sides: the same work.
      const work = kernels.slice(0, -1).map(({ type, input, output }) => [type, input, output]);
      const expected = named.kernels.map(({ type, input, output }) => [
        type.replaceAll('-bn', ''),
        input,
        output,
      ]);
      expect(work).toEqual(expected);
      const total = kernels.slice(0, -1).reduce((sum, { latencyMs }) => sum + latencyMs, 0);
      expect(total / (named.latencyMs - named.startupMs)).toBeCloseTo(1, 2);
    }
  });

  sharedTest('every torchvision network exported by PyTorch: ONNX, zoo, nn-Meter IR', async () => {
    const files = readdirSync(sharedPath('models/onnx')).filter((file) => file.endsWith('.onnx'));
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      const graph = await readOnnxFile(sharedPath(`models/onnx/${file}`));
      const expected = latencies(graph);
      expectWithin(0.0001, latencies(buildModel(file.slice(0, -'.onnx'.length))), expected);
      expectWithin(0.0001, latencies(throughIr(graph)), expected);
    }
  });
});
