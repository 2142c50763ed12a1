import type { KernelDescription } from '@nnmeter/latency-model';

const PLAIN = {
  borrowsKind: 0,
  unmeasuredVariant: 0,
  batch: 1,
  depth: 1,
  outDepth: 1,
  kernelDepth: 1,
  dilation: 1,
  groups: 1,
  activation: 0,
  fusedKinds: 0,
  unmeasuredOperations: 0,
  fusedInputs: 0,
  readByPoolingOnly: 0,
  inputs: 1,
  outputs: 1,
  unalignedConcatElements: 0,
  hasBias: 0,
  float32Elements: 0,
  inner: 0,
} as const;

/** A kernel on a square image; what is left out keeps the size of what is read. */
export interface SquareKernel {
  /** Side of the image read, pixels. */
  readonly side: number;
  /** Channels of one input. */
  readonly channels: number;
  /** Side of the image written; the stride is the ratio of the sides. */
  readonly outSide?: number;
  readonly outChannels?: number;
  /** Side of the window; default 1. */
  readonly window?: number;
  /** Tensors of that size read; default 1. */
  readonly inputs?: number;
  readonly inner?: number;
}

/** The description of a kernel of that kind, an index into `KERNEL_KINDS`. */
export function squareKernel(kind: number, kernel: SquareKernel): KernelDescription {
  const { side, channels, outSide = side, outChannels = channels, window = 1, inputs = 1 } = kernel;
  const stride = Math.round(side / outSide);
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
    strideHeight: stride,
    strideWidth: stride,
    inputs,
    inner: kernel.inner ?? 0,
    inputElements: inputs * side * side * channels,
    outputElements: outSide * outSide * outChannels,
  };
}
