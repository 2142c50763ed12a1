import type { FusionRules } from '@nnmeter/kernel-detect';
import type { LatencyMetrics } from './metrics.ts';

/** What a device plugin exports by default. */
export interface PredictorDefinition {
  /** nn-Meter's name, e.g. `cortexA76cpu_tflite21`. */
  readonly name: string;
  /** Other names users may type, e.g. `cortexa76`. */
  readonly aliases: readonly string[];
  /** Version of the predictor shown in reports, e.g. `2.0`. */
  readonly version: string;
  readonly device: DeviceFacts;
  readonly fusionRules: FusionRules;
  /** Base64 of the binary latency model written by the trainer. */
  readonly weights: string;
  readonly manifest: TrainingManifest;
}

/** Facts about the device and the conditions of the measurements. */
export interface DeviceFacts {
  readonly product: string;
  readonly processor: string;
  readonly kind: 'cpu' | 'gpu' | 'vpu';
  readonly framework: string;
  readonly precision: string;
  readonly clock: string;
}

/** Provenance of the weights. */
export interface TrainingManifest {
  readonly trainedOn: string;
  readonly codeVersion: string;
  readonly dataHash: string;
  readonly models: number;
  readonly date: string;
  /** Accuracy on the held-out tenth of the benchmark, which training did not see. */
  readonly heldOut: LatencyMetrics;
}
