import type { DeviceFamilyName } from '@nnmeter/latency-model';

/** The devices of the benchmark: predictor name, plugin folder, device family. */
export const DEVICES = [
  { name: 'cortexA76cpu_tflite21', folder: 'cortexa76', family: 'cpu' },
  { name: 'adreno640gpu_tflite21', folder: 'adreno640', family: 'gpu' },
  { name: 'adreno630gpu_tflite21', folder: 'adreno630', family: 'gpu' },
  { name: 'myriadvpu_openvino2019r2', folder: 'myriadvpu', family: 'vpu' },
] as const satisfies readonly { name: string; folder: string; family: DeviceFamilyName }[];

export type Device = (typeof DEVICES)[number];
