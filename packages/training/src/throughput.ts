import {
  bytesMoved,
  type KernelDescription,
  type KernelModel,
  KIND,
  macsOf,
  type Throughput,
} from '@nnmeter/latency-model';
import { squareKernel } from './square-kernel.ts';

/** Typical kernels of networks for images of 224 x 224. */
const CONVOLUTIONS = [
  squareKernel(KIND.conv, { side: 14, channels: 256 }),
  squareKernel(KIND.conv, { side: 28, channels: 128 }),
  squareKernel(KIND.conv, { side: 56, channels: 64 }),
];
const DEPTHWISE = [
  squareKernel(KIND.dwconv, { side: 56, channels: 64, window: 3 }),
  squareKernel(KIND.dwconv, { side: 28, channels: 128, window: 3 }),
];
const MOVERS = [
  squareKernel(KIND.add, { side: 56, channels: 64, inputs: 2 }),
  squareKernel(KIND.maxpool, { side: 56, channels: 64, outSide: 28, window: 2 }),
  squareKernel(KIND.concat, { side: 28, channels: 128 }),
];
const SMALLEST = squareKernel(KIND.relu, { side: 1, channels: 1 });

/** The rates that typical kernels reach by a fitted model, before its tree correction. */
export function throughputOf(model: KernelModel): Throughput {
  const rate = (
    work: (kernel: KernelDescription) => number,
    kernels: readonly KernelDescription[],
  ): number =>
    kernels.reduce((sum, kernel) => sum + work(kernel), 0) /
    kernels.reduce((sum, kernel) => sum + model.baseLatency(kernel), 0);
  const { bytesPerElement } = model.weights.physics;
  return {
    launchMs: model.baseLatency(SMALLEST),
    macsPerMs: rate(macsOf, CONVOLUTIONS),
    vectorPerMs: rate(macsOf, DEPTHWISE),
    bytesPerMs: rate((kernel) => bytesMoved(kernel, bytesPerElement), MOVERS),
  };
}
