import type { Precision } from '@nnmeter/ir';
import type { DevicePhysics, KernelConfiguration, LatencyInterval } from '@nnmeter/latency-model';
import type { KernelSize, ModelSize } from './size.ts';

/** Latency and size of one kernel in a report. */
export interface KernelLatency extends KernelSize {
  /** Fused op types joined by "-", e.g. `conv-bn-relu`. */
  readonly type: string;
  /** Names of the member nodes. */
  readonly nodes: readonly string[];
  readonly latencyMs: number;
  /**
   * `measured`: the device's training data contains this kernel type; `estimated`: roofline estimate, if only of
   * fused ops, which `warnings` name, or in a loop whose number of trips is only assumed; `uncounted`: shapes are unknown,
   * or a predictor of the original nn-Meter knows nothing of it; its 0 ms are missing in the total.
   */
  readonly basis: 'measured' | 'estimated' | 'uncounted';
  /** Shape of the first activation read, images with channels last, e.g. [1, 56, 56, 64]; [] if unknown. */
  readonly input: readonly number[];
  /** Shape of the first tensor written, images with channels last; [] if unknown. */
  readonly output: readonly number[];
  /** Time of it that passes while another unit of the device computes, ms, and is not in `latencyMs`; absent for none. */
  readonly hiddenMs?: number;
  /** Of the latency, what its share of reading again the weights is that caches do not hold from run to run, ms; absent for none. */
  readonly reloadMs?: number;
  /** What calibration goes by, not part of the JSON; absent if shapes are unknown. */
  readonly configuration?: KernelConfiguration | undefined;
  /** How much of the latency is no more than an estimate, 0 to 1, not part of the JSON; default 0. */
  readonly estimatedShare?: number;
}

/** How much of the model the prediction knows from measurements. Ops that cost nothing (reshape) are left out. */
export interface Coverage {
  /** Share of the model's MACs that are in kernels of measured types, 0..1; 1 if there are none. */
  readonly macs: number;
  /** Share of the nodes that are in kernels of measured types, 0..1; 1 if there are none. */
  readonly nodes: number;
}

/** What no kernel of a device can beat: the larger of the time to compute and the time to move bytes. */
export type Roofline = Pick<DevicePhysics, 'macsPerMs' | 'bytesPerMs' | 'bytesPerElement'>;

/** What of a model is missing in its latency. Ops that cost nothing (reshape) are left out. */
export interface Uncounted {
  /** How many nodes are missing. */
  readonly nodes: number;
  /** Their MACs; null if unknown. */
  readonly macs: number | null;
  /** Their ops in the words of the model's format, each once, sorted. */
  readonly ops: readonly string[];
}

/** The answer to "how fast does this model run on this device". */
export interface LatencyReport {
  /** Name of the graph. */
  readonly model: string;
  readonly predictor: string;
  readonly version: string;
  /** Whole model, one inference, ms: `startupMs` and the sum over `kernels`. */
  readonly latencyMs: number;
  /** Time in every run that belongs to no kernel, ms; 0 for predictors of the original nn-Meter. */
  readonly startupMs: number;
  /** Null if the predictor cannot tell, or the latency is not `complete`. */
  readonly interval: LatencyInterval | null;
  readonly coverage: Coverage;
  readonly uncounted: Uncounted;
  /** False if what is `uncounted` is unknown, or more than 5 % of the MACs that are counted: a lower bound, no prediction. */
  readonly complete: boolean;
  /** Of the model; a latency is that of what the device was measured with, float32 or its setting, and `warnings` say where that differs. */
  readonly precision: Precision;
  readonly size: ModelSize;
  /** Ceilings of the device; null where they are not known: calibrated and adapted devices, and those of the original nn-Meter. */
  readonly roofline: Roofline | null;
  /** In the order of execution. */
  readonly kernels: readonly KernelLatency[];
  /** Which features of the model lie outside the training data: resolution, batch, channels, non-square, ... */
  readonly extrapolation: readonly string[];
  readonly warnings: readonly string[];
}
