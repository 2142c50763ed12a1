import type { LatencyReport, ModelSize, SweepPoint } from '@nnmeter/predictor';
import { type FailureJson, failureToJson } from './failure-json.ts';

/**
 * A model over the values of a variable: plain data, an element of `predict --sweep --json`. schema/sweep.schema.json says
 * what each field means.
 */
export interface Sweep {
  readonly model: string;
  readonly type: string;
  readonly variable: string;
  readonly points: readonly (PredictedPoint | FailedPoint)[];
}

export interface PredictedPoint {
  readonly value: number;
  readonly size: ModelSize;
  /** One a predictor, in their order. */
  readonly predictions: readonly PointPrediction[];
}

export interface FailedPoint {
  readonly value: number;
  readonly error: FailureJson;
}

export type PointPrediction = Pick<
  LatencyReport,
  'predictor' | 'version' | 'latencyMs' | 'interval' | 'coverage' | 'complete' | 'extrapolation'
>;

/**
 * @param model what the report calls the model: a path, or a name
 * @param describe says what went wrong
 */
export function sweepOf(
  { model, type, variable }: Omit<Sweep, 'points'>,
  points: readonly SweepPoint[],
  describe: (error: unknown) => FailureJson = failureToJson,
): Sweep {
  return {
    ...{ model, type, variable },
    points: points.map((point) => {
      const { value } = point;
      if ('error' in point) return { value, error: describe(point.error) };
      const size = point.reports[0]!.size;
      return { value, size, predictions: point.reports.map(predictionOf) };
    }),
  };
}

function predictionOf(report: LatencyReport): PointPrediction {
  const { predictor, version, latencyMs, interval, coverage, complete, extrapolation } = report;
  return { predictor, version, latencyMs, interval, coverage, complete, extrapolation };
}

/** The predictors of a sweep; none if it failed at all values. */
export function predictorsOf(points: Sweep['points']): readonly string[] {
  const first = points.find((point) => 'predictions' in point);
  return first === undefined ? [] : first.predictions.map(({ predictor }) => predictor);
}
