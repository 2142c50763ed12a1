import type { PredictorDefinition } from '@nnmeter/predictor';
import { fusionRules, manifest, weights } from './generated/data.ts';

/** Google Pixel 4, Cortex-A76 CPU (Snapdragon 855), TensorFlow Lite 2.1. */
export const cortexA76: PredictorDefinition = {
  name: 'cortexA76cpu_tflite21',
  aliases: ['cortexA76cpu', 'cortexA76'],
  version: '2.0',
  device: {
    product: 'Google Pixel 4',
    processor: 'Cortex-A76 CPU (Snapdragon 855)',
    kind: 'cpu',
    framework: 'TensorFlow Lite 2.1',
    precision: 'float32, 1 thread',
    clock: 'up to 2.84 GHz',
  },
  fusionRules,
  weights,
  manifest,
};

export default cortexA76;
