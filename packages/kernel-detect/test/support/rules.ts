import { readFileSync } from 'node:fs';
import type { FusionRules } from '@nnmeter/kernel-detect';

function read(folder: string): FusionRules {
  return JSON.parse(
    readFileSync(new URL(`../../../../predictors/${folder}/rules.json`, import.meta.url), 'utf8'),
  );
}

/** The rules shipped with the four devices, by nn-Meter's names. */
export const deviceRules = {
  cortexA76cpu_tflite21: read('cortexa76'),
  adreno640gpu_tflite21: read('adreno640'),
  adreno630gpu_tflite21: read('adreno630'),
  myriadvpu_openvino2019r2: read('myriadvpu'),
};
export const { cortexA76cpu_tflite21: cpu, adreno640gpu_tflite21: gpu } = deviceRules;
export const { myriadvpu_openvino2019r2: vpu } = deviceRules;
