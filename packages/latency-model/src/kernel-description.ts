import type { AutocastCost } from './autocast.ts';
import { KIND } from './kernel-kind.ts';

/** Activation fused into (or being) a kernel. */
export const ACTIVATION = { none: 0, relu: 1, relu6: 2, hswish: 3, other: 4 } as const;

/**
 * A kernel as plain numbers: all that a latency model may look at. Extents are those of the kernel's first stage; a side
 * that a tensor does not have is 1. Equal descriptions have equal latencies. A new field goes into `writeFields` too.
 */
export interface KernelDescription extends AutocastCost {
  /** Index into `KERNEL_KINDS`. */
  readonly kind: number;
  /** 1 if the first stage is an op that only has the cost of the kind (`sub` that of `add`), else 0. */
  readonly borrowsKind: number;
  /**
   * 1 for a variant of the kind that is in no benchmark, else 0: a grouped or dilated convolution, a window that is not
   * two-dimensional, a fully connected layer over several rows, a split that does not halve.
   */
  readonly unmeasuredVariant: number;
  readonly batch: number;
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outDepth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernelDepth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilation: number;
  /** Of a grouped convolution or a group normalization; else 1. */
  readonly groups: number;
  /** One of `ACTIVATION`: of the last stage that has one of them, but stages of `unmeasuredOperations`. */
  readonly activation: number;
  /** Bit `1 << kind` for each kind of fused stage that a device may have been measured with: relu, add, hswish. */
  readonly fusedKinds: number;
  /** Arithmetic operations of all other fused stages (`leakyrelu`, `sigmoid`, `pow`), which count as never measured. */
  readonly unmeasuredOperations: number;
  /** Number of computed tensors that only fused stages read. */
  readonly fusedInputs: number;
  /** 1 for a convolution whose result only a pooling reads, directly or after a concat; else 0. */
  readonly readByPoolingOnly: number;
  /** Number of computed tensors read. */
  readonly inputs: number;
  /** Number of tensors written. */
  readonly outputs: number;
  /** Elements that a concat copies to a channel offset that is no multiple of 4, the texel width of mobile GPUs. */
  readonly unalignedConcatElements: number;
  /** Channels between the two convolutions of a squeeze-and-excite block; reduced extent of a matmul. */
  readonly inner: number;
  /** Elements of all computed tensors read. */
  readonly inputElements: number;
  /** Elements of all tensors written; with `unmeasuredOperations` at least those of the first stage's result. */
  readonly outputElements: number;
  /** The kernel of another unit of the device that computes at the same time: only what is longer than that takes time. */
  readonly beside?: KernelDescription;
}

/** The greater stride of the two sides of a described kernel's window. */
export function strideOf(kernel: KernelDescription): number {
  return Math.max(kernel.strideHeight, kernel.strideWidth);
}

/** Pixels of a described kernel's window. */
export function windowOf(kernel: KernelDescription): number {
  return kernel.kernelDepth * kernel.kernelHeight * kernel.kernelWidth;
}

/** False if a dimension of what a kernel reads or writes is 0, so that there is nothing to compute. */
export function hasElements(kernel: KernelDescription): boolean {
  return kernel.outputElements > 0 && (kernel.inputs === 0 || kernel.inputElements > 0);
}

/** Whether a described kernel adds two tensors, by itself or to what it computes first. */
export function hasAdd({ kind, fusedKinds }: KernelDescription): boolean {
  return kind === KIND.add || (fusedKinds & (1 << KIND.add)) !== 0;
}

/** Elements between the products of attention, queries by keys. */
export function scoresOf({ height, width, inner }: KernelDescription): number {
  return height * width * inner;
}

/**
 * Multiply-accumulates of a described kernel, those of its nodes by `macsOfNodes`; 0 for kernels that multiply nothing. An
 * Einsum counts as its results, a recurrent layer as an LSTM of one direction: a description says no more of them.
 */
export function macsOf(kernel: KernelDescription): number {
  const k = kernel;
  const window = windowOf(k);
  const pixels = k.batch * k.outDepth * k.outHeight * k.outWidth;
  switch (k.kind) {
    case KIND.conv:
    case KIND.fc:
      return (pixels * k.outChannels * window * k.channels) / k.groups;
    case KIND.dwconv:
      return pixels * k.outChannels * window;
    case KIND.convtranspose:
      return (
        (k.batch * k.depth * k.height * k.width * k.channels * window * k.outChannels) / k.groups
      );
    case KIND.matmul:
      return k.outputElements * Math.max(k.inner, 1);
    case KIND.attention:
      return scoresOf(k) * (k.channels + k.outChannels);
    case KIND.recurrent:
      // Four gates of an LSTM bound the others.
      return (
        4 *
        k.inner *
        (k.channels + k.inner) *
        Math.max(1, k.inputElements / Math.max(1, k.channels))
      );
    case KIND.se:
      return 2 * k.batch * k.channels * k.inner;
    default:
      return 0;
  }
}
