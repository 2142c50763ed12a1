import { expect } from '@jest/globals';
import { readTfLiteFile } from '@nnmeter/frontend-tflite';
import { graphCost, precisionOf } from '@nnmeter/ir';
import { sharedPath, sharedTest } from '../../../tests/support/shared.ts';

const read = (name: string) => readTfLiteFile(sharedPath(`tflite/${name}.tflite`));

sharedTest('a quantised MobileNetV2 with its weights', async () => {
  const graph = await read('mobilenet_v2_int8');
  expect(graphCost(graph)).toMatchObject({ macs: 300_774_272, unknownNodes: [] });
  expect(precisionOf(graph)).toEqual({ activations: 'int8', weights: 'int8' });
  expect(graph.warnings).toEqual([]);
});

sharedTest('a transformer computes the same however its weights are stored', async () => {
  const [float, dynamic] = await Promise.all([read('transformer_f32'), read('transformer_dyn')]);
  expect(graphCost(dynamic).macs).toBe(graphCost(float).macs);
  expect(graphCost(dynamic).unknownNodes).toEqual([]);
  expect(precisionOf(float)).toEqual({ activations: 'float32', weights: 'float32' });
  expect(precisionOf(dynamic)).toEqual({ activations: 'float32', weights: 'int8' });
  expect(graphCost(dynamic).weightBytes).toBeLessThan(graphCost(float).weightBytes / 3);
});
