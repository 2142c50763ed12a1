import type { DeviceFacts } from '@nnmeter/predictor';

export type Category = 'cpu' | 'gpu' | 'vpu';

/** A predictor that the authors of nn-Meter published. */
export interface NnMeterRelease {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly version: string;
  readonly category: Category;
  readonly device: DeviceFacts;
  /** Names of the random forests in the zip. */
  readonly kernels: readonly string[];
  /** The zip of the release: `<name>/<kernel>.pkl` and `<name>/fusion_rules.json`. */
  readonly url: string;
  /** Share of the authors' 26,000 benchmark models predicted within 10 % of the measurement, as they published it. */
  readonly within10: number;
}

const RELEASE = 'https://github.com/microsoft/nn-Meter/releases/download/v1.0-data';

/** The 26,000 measured models of the authors, a zip of JSON Lines files. */
export const BENCHMARK_URL = `${RELEASE}/datasets.zip`;

const ON_ALL = ['conv-bn-relu', 'dwconv-bn-relu', 'hswish', 'relu', 'se', 'maxpool', 'avgpool'];
const ON_GPU = [...ON_ALL, 'bn', 'bnrelu', 'concat'];

/** All predictors of nn-Meter's release v1.0-data. */
export const nnMeterReleases: readonly NnMeterRelease[] = [
  release('cortexA76cpu_tflite21', ['cortexA76cpu', 'cortexA76'], 0.99, {
    product: 'Google Pixel 4',
    processor: 'Cortex-A76 CPU (Snapdragon 855)',
    kind: 'cpu',
    framework: 'TensorFlow Lite 2.1',
    precision: 'float32, 1 thread',
    clock: 'up to 2.84 GHz',
    kernels: [...ON_GPU, ...['fc', 'global-avgpool', 'split', 'add', 'addrelu', 'channelshuffle']],
  }),
  release('adreno640gpu_tflite21', ['adreno640gpu', 'adreno640'], 0.991, {
    product: 'Xiaomi Mi 9',
    processor: 'Adreno 640 GPU (Snapdragon 855)',
    kind: 'gpu',
    framework: 'TensorFlow Lite 2.1',
    precision: 'float32 models; the delegate may compute in float16',
    clock: 'up to 585 MHz',
    kernels: ON_GPU,
  }),
  release('adreno630gpu_tflite21', ['adreno630gpu', 'adreno630'], 0.99, {
    product: 'Google Pixel 3 XL',
    processor: 'Adreno 630 GPU (Snapdragon 845)',
    kind: 'gpu',
    framework: 'TensorFlow Lite 2.1',
    precision: 'float32 models; the delegate may compute in float16',
    clock: 'up to 710 MHz',
    kernels: ON_GPU,
  }),
  release('myriadvpu_openvino2019r2', ['myriadvpu', 'myriad'], 0.834, {
    product: 'Intel Neural Compute Stick 2',
    processor: 'Movidius Myriad X VPU',
    kind: 'vpu',
    framework: 'OpenVINO 2019R2',
    precision: 'float16',
    clock: 'not published',
    kernels: [...ON_ALL, 'fc', 'addrelu', 'bn', 'bnrelu', 'channelshuffle'],
  }),
];

function release(
  name: string,
  aliases: readonly string[],
  within10: number,
  { kernels, ...device }: DeviceFacts & { kernels: readonly string[] },
): NnMeterRelease {
  const url = `${RELEASE}/${name}.zip`;
  return { name, aliases, version: '1.0', category: device.kind, device, kernels, url, within10 };
}
