import type { ErrorHint, NnMeterError } from '@nnmeter/ir';
import type { LatencyMetrics } from '@nnmeter/latency-model';
import type { DeviceFacts } from './definition.ts';
import type { LatencyPredictor } from './predictor.ts';

/** A predictor that a source has, or can get. */
export interface SourceEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly version: string;
  readonly device: DeviceFacts;
  /** What is known of its accuracy. */
  readonly accuracy: Pick<LatencyMetrics, 'within10'> | null;
  /** How to get it; absent if it is there. */
  readonly hint?: ErrorHint;
}

/** A package that keeps predictors of its own kind: `predictorSource` of @nnmeter/nn-meter-predictors. */
export interface PredictorSource {
  /** @param onProblem told of each predictor that is damaged; the others are listed */
  list(onProblem?: (problem: NnMeterError) => void): Promise<readonly SourceEntry[]>;
  /** By a listed name and version; undefined if it is not there. */
  load(name: string, version: string): Promise<LatencyPredictor | undefined>;
}
