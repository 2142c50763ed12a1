/** A predictor that exists as a package which may not be installed. */
export interface KnownPredictor {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly product: string;
  readonly package: string;
}

/** The published plugins: enough to name them, and to say what to install. */
export const KNOWN_PREDICTORS: readonly KnownPredictor[] = [
  {
    name: 'cortexA76cpu_tflite21',
    aliases: ['cortexA76cpu', 'cortexA76'],
    product: 'Google Pixel 4',
    package: '@nnmeter/predictor-cortexa76',
  },
  {
    name: 'adreno640gpu_tflite21',
    aliases: ['adreno640gpu', 'adreno640'],
    product: 'Xiaomi Mi 9',
    package: '@nnmeter/predictor-adreno640',
  },
  {
    name: 'adreno630gpu_tflite21',
    aliases: ['adreno630gpu', 'adreno630'],
    product: 'Google Pixel 3 XL',
    package: '@nnmeter/predictor-adreno630',
  },
  {
    name: 'myriadvpu_openvino2019r2',
    aliases: ['myriadvpu', 'myriad'],
    product: 'Intel Neural Compute Stick 2',
    package: '@nnmeter/predictor-myriadvpu',
  },
];
