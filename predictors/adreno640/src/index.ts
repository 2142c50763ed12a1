import type { PredictorDefinition } from '@nnmeter/predictor';
import { fusionRules, manifest, weights } from './generated/data.ts';

/** Xiaomi Mi 9, Adreno 640 GPU (Snapdragon 855), TensorFlow Lite 2.1. */
export const adreno640: PredictorDefinition = {
  name: 'adreno640gpu_tflite21',
  aliases: ['adreno640gpu', 'adreno640'],
  version: '2.0',
  device: {
    product: 'Xiaomi Mi 9',
    processor: 'Adreno 640 GPU (Snapdragon 855)',
    kind: 'gpu',
    framework: 'TensorFlow Lite 2.1',
    precision: 'float32 models; the delegate may compute in float16',
    clock: 'up to 585 MHz',
  },
  fusionRules,
  weights,
  manifest,
};

export default adreno640;
