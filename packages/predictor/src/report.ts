/** Latency of one kernel in a report. */
export interface KernelLatency {
  /** Fused op types joined by "-", e.g. `conv-bn-relu`. */
  readonly type: string;
  /** Names of the member nodes. */
  readonly nodes: readonly string[];
  readonly latencyMs: number;
  /** `measured`: the device's training data contains this kernel type; `estimated`: roofline estimate. */
  readonly basis: 'measured' | 'estimated';
  /** Shape of the first activation read, channels last, e.g. [1, 56, 56, 64]. */
  readonly input: readonly number[];
  /** Shape of the first tensor written, channels last. */
  readonly output: readonly number[];
}

/** A range that contains the measured latency with probability `level`. */
export interface LatencyInterval {
  readonly low: number;
  readonly high: number;
  readonly level: number;
}

export interface Coverage {
  /** Share of MACs in kernels of measured types, 0..1. */
  readonly macs: number;
  /** Share of nodes in kernels of measured types, 0..1. */
  readonly nodes: number;
}

/** The answer to "how fast does this model run on this device". */
export interface LatencyReport {
  readonly model: string;
  readonly predictor: string;
  readonly version: string;
  /** Whole model, one inference, milliseconds. */
  readonly latencyMs: number;
  readonly interval: LatencyInterval | null;
  readonly coverage: Coverage;
  readonly kernels: readonly KernelLatency[];
  /** Which features of the model lie outside the training data: resolution, batch, channels, non-square, ... */
  readonly extrapolation: readonly string[];
  readonly warnings: readonly string[];
}
