import type { PredictorDefinition } from '@nnmeter/predictor';
import { fusionRules, manifest, weights } from './generated/data.ts';

/** Google Pixel 3 XL, Adreno 630 GPU (Snapdragon 845), TensorFlow Lite 2.1. */
export const adreno630: PredictorDefinition = {
  name: 'adreno630gpu_tflite21',
  aliases: ['adreno630gpu', 'adreno630'],
  version: '2.0',
  device: {
    product: 'Google Pixel 3 XL',
    processor: 'Adreno 630 GPU (Snapdragon 845)',
    kind: 'gpu',
    framework: 'TensorFlow Lite 2.1',
    precision: 'float32 models; the delegate may compute in float16',
    clock: 'up to 710 MHz',
  },
  fusionRules,
  weights,
  manifest,
};

export default adreno630;
