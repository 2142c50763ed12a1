import type { Graph } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import type { LatencyInterval } from '../report.ts';

/** Latency of one kernel, before any calibration. */
export interface KernelPrediction {
  readonly latencyMs: number;
  /** `measured`: the device's training data contains this kernel type; `estimated`: roofline estimate. */
  readonly basis: 'measured' | 'estimated';
  /** Features outside the training range, in words: `resolution`, `batch`, `channels`, `non-square`, ... */
  readonly extrapolation?: readonly string[];
}

/** The decoded weights of one device: const + sum over kernels of base * correction (docs/latency-model). */
export interface LatencyModel {
  /** Start-up cost of one inference that belongs to no kernel, ms. */
  readonly constantMs: number;
  /**
   * One prediction a kernel, in the order of `kernels`, all positive and finite. A kernel with a tensor of unknown
   * shape gets 0 ms and `estimated`; the caller warns about it.
   */
  predictKernels(kernels: readonly Kernel[], graph: Graph): KernelPrediction[];
  /** The range around the total that holds the measurement with 90 % probability; null if not calibrated. */
  interval(totalMs: number, predictions: readonly KernelPrediction[]): LatencyInterval | null;
}

/**
 * Decodes the weights file written by the trainer.
 * @throws NnMeterError E_WEIGHTS if the bytes are truncated, damaged or of another version.
 */
export function decodeLatencyModel(bytes: Uint8Array): LatencyModel {
  return stub(bytes.length);
}

/** Stands in until trained weights exist: one nanosecond an element written, all estimated. */
function stub(size: number): LatencyModel {
  return {
    constantMs: size * 0,
    predictKernels: (kernels) =>
      kernels.map((kernel) => {
        const shape = kernel.outputs[0]?.shape;
        const elements = shape?.reduce((product, dimension) => product * dimension, 1) ?? 0;
        return { latencyMs: elements * 1e-6, basis: 'estimated' };
      }),
    interval: () => null,
  };
}
