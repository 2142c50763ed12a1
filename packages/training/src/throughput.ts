import {
  bytesMoved,
  type DeviceFamilyName,
  deviceFamilies,
  type KernelDescription,
  type KernelModel,
  KIND,
  macsOf,
  type Throughput,
} from '@nnmeter/latency-model';

const PLAIN = {
  borrowed: 0,
  batch: 1,
  depth: 1,
  outDepth: 1,
  kernelDepth: 1,
  dilation: 1,
  groups: 1,
  activation: 0,
  addFollows: 0,
  pooled: 0,
  inputs: 1,
  misaligned: 0,
  inner: 0,
} as const;

/** A kernel on a square image that keeps its size. */
export function squareKernel(
  kind: number,
  side: number,
  channels: number,
  changes: Partial<KernelDescription> & { window?: number; outSide?: number } = {},
): KernelDescription {
  const { window = 1, outSide = side, ...others } = changes;
  const outChannels = others.outChannels ?? channels;
  return {
    ...PLAIN,
    kind,
    height: side,
    width: side,
    channels,
    outHeight: outSide,
    outWidth: outSide,
    outChannels,
    kernelHeight: window,
    kernelWidth: window,
    strideHeight: Math.round(side / outSide),
    strideWidth: Math.round(side / outSide),
    inputElements: (others.inputs ?? 1) * side * side * channels,
    outputElements: outSide * outSide * outChannels,
    ...others,
  };
}

/** Rates that the device reaches on typical kernels of the fitted model. */
export function measureThroughput(model: KernelModel, family: DeviceFamilyName): Throughput {
  const rate = (
    work: (kernel: KernelDescription) => number,
    kernels: KernelDescription[],
  ): number =>
    kernels.reduce((sum, kernel) => sum + work(kernel), 0) /
    kernels.reduce((sum, kernel) => sum + model.baseLatency(kernel), 0);
  const { bytesPerElement } = deviceFamilies[family].physics;
  return {
    launchMs: model.baseLatency(squareKernel(KIND.relu, 1, 1)),
    macsPerMs: rate(macsOf, [
      squareKernel(KIND.conv, 14, 256),
      squareKernel(KIND.conv, 28, 128),
      squareKernel(KIND.conv, 56, 64),
    ]),
    vectorPerMs: rate(macsOf, [
      squareKernel(KIND.dwconv, 56, 64, { window: 3 }),
      squareKernel(KIND.dwconv, 28, 128, { window: 3 }),
    ]),
    bytesPerMs: rate(
      (kernel) => bytesMoved(kernel, bytesPerElement),
      [
        squareKernel(KIND.add, 56, 64, { inputs: 2, addFollows: 1 }),
        squareKernel(KIND.maxpool, 56, 64, { outSide: 28, window: 2 }),
        squareKernel(KIND.concat, 28, 128),
      ],
    ),
  };
}
