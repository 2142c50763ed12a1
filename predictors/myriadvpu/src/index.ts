import type { PredictorDefinition } from '@nnmeter/predictor';
import { fusionRules, manifest, weights } from './generated/data.ts';

/** Intel Neural Compute Stick 2, Movidius Myriad X VPU, OpenVINO 2019R2. */
export const myriadVpu: PredictorDefinition = {
  name: 'myriadvpu_openvino2019r2',
  aliases: ['myriadvpu', 'myriad'],
  version: '2.0',
  device: {
    product: 'Intel Neural Compute Stick 2',
    processor: 'Movidius Myriad X VPU',
    kind: 'vpu',
    framework: 'OpenVINO 2019R2',
    precision: 'float16',
    clock: 'not published',
  },
  fusionRules,
  weights,
  manifest,
};

export default myriadVpu;
