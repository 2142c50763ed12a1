import type { IntervalWidths, WeightReload } from '@nnmeter/latency-model';
import type { Choices } from './choices.ts';

/** A device of a table. */
export interface TableDevice {
  /** Of the predictor. */
  readonly name: string;
  /** Other names that mean it. */
  readonly aliases: readonly string[];
  /** Of the predictor. */
  readonly version: string;
  readonly product: string;
  /** How wide the range is that holds the measurement; null if the predictor cannot tell. */
  readonly interval: IntervalWidths | null;
  /** What is added to `ms`, by `weightMB`; absent for nothing. */
  readonly reloads?: readonly WeightReload[];
}

/** What is summed, for one candidate or for one value of a term; lists have an entry for each device. */
export interface TableSums<Figure> {
  /** Predicted latency, ms. */
  readonly ms: readonly Figure[];
  /** Number of kernels that it takes. */
  readonly kernels: readonly Figure[];
  /** The part of it in kernels that are new to the device, each as far as it is new, ms. */
  readonly novelMs: readonly Figure[];
  /** The part of it that is no more than an estimate, ms. */
  readonly estimatedMs: readonly Figure[];
  /** Weights in float32 that `reloads` go by, MB; only in version 2. */
  readonly weightMB?: readonly Figure[];
  /** Multiply-accumulates. */
  readonly macs: Figure;
  /** Weights and biases, four a channel of batch normalization. */
  readonly parameters: Figure;
  /** Bytes of all tensors that kernels would write were nothing fused, the additive bound of activation memory. */
  readonly activationBytes: Figure;
}

/** What depends on these choices together: figures for every combination of their values, the last label varying fastest. */
export interface TableTerm extends TableSums<readonly number[]> {
  readonly labels: readonly string[];
}

/** How a table was checked against predictions of whole graphs. */
export interface TableCheck {
  /** Random candidates, see `seed`. */
  readonly candidates: number;
  readonly seed: number;
  /** Greatest relative error of `ms` of each device. */
  readonly maxRelativeError: readonly number[];
}

/**
 * The latencies of a whole space as plain JSON: a candidate's figure is `base` plus, for every term whose labels are all
 * active, the entry at the values chosen; on devices with `reloads` its latency is more than that. docs/latency-table.md has the arithmetic.
 */
export interface LatencyTable {
  readonly format: 'nnmeter-latency-table';
  /** 2 if a device has `reloads`. */
  readonly version: 1 | 2;
  /** What wrote it: `@nnmeter/nas 2.0.0`. */
  readonly madeBy: string;
  readonly space: {
    readonly name: string;
    /** Of the name, the input and the choices: tables and journals of another space do not fit. */
    readonly hash: string;
    /** Shape of the input that latencies are for, NCHW. */
    readonly input: readonly number[];
  };
  readonly choices: Choices;
  readonly devices: readonly TableDevice[];
  readonly base: TableSums<number>;
  readonly terms: readonly TableTerm[];
  readonly check: TableCheck;
}
