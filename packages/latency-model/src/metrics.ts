import { NnMeterError } from '@nnmeter/ir';

/** How well predictions meet measurements. Relative errors are (predicted - measured) / measured. */
export interface LatencyMetrics {
  /** Number of pairs compared. */
  readonly count: number;
  /** Root mean square error, ms. */
  readonly rmse: number;
  /** Root mean square relative error, as a fraction of 1. */
  readonly rmspe: number;
  /** Mean absolute relative error, as a fraction of 1. */
  readonly mape: number;
  /** Mean relative error, as a fraction of 1; positive if predictions are too high. */
  readonly bias: number;
  /** Share of predictions whose relative error is at most 5 %, as a fraction of 1. */
  readonly within5: number;
  readonly within10: number;
  readonly within15: number;
}

/** Whether a value can be a measured latency: a number of ms between 1e-9 and 1e12, so that nothing overflows. */
export function isMeasurement(value: unknown): value is number {
  return typeof value === 'number' && value >= 1e-9 && value <= 1e12;
}

/**
 * Compares predicted with measured latencies, both in ms and in the same order.
 * @throws NnMeterError E_MEASUREMENTS if the lists differ in length or are empty, a prediction is not a finite number,
 * or a measurement is not a positive one; the message names the position.
 */
export function latencyMetrics(
  predicted: ArrayLike<number>,
  measured: ArrayLike<number>,
): LatencyMetrics {
  const count = predicted.length;
  if (count !== measured.length) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `there are ${count} predictions but ${measured.length} measurements; give one of each per model`,
    );
  }
  if (count === 0) {
    throw new NnMeterError('E_MEASUREMENTS', 'there are no predictions to compare');
  }
  let squares = 0;
  let relativeSquares = 0;
  let absolute = 0;
  let signed = 0;
  const within = { 5: 0, 10: 0, 15: 0 };
  for (let index = 0; index < count; index++) {
    const [prediction, measurement] = [predicted[index]!, measured[index]!];
    if (!Number.isFinite(prediction)) {
      throw new NnMeterError(
        'E_MEASUREMENTS',
        `prediction ${index} is ${prediction}; it must be a finite number of ms`,
      );
    }
    if (!(measurement > 0 && measurement < Infinity)) {
      throw new NnMeterError(
        'E_MEASUREMENTS',
        `measurement ${index} is ${measurement}; it must be a positive number of ms`,
      );
    }
    const error = prediction - measurement;
    const relative = error / measurement;
    squares += error * error;
    relativeSquares += relative * relative;
    absolute += Math.abs(relative);
    signed += relative;
    if (Math.abs(relative) <= 0.05) within[5]++;
    if (Math.abs(relative) <= 0.1) within[10]++;
    if (Math.abs(relative) <= 0.15) within[15]++;
  }
  return {
    count,
    rmse: Math.sqrt(squares / count),
    rmspe: Math.sqrt(relativeSquares / count),
    mape: absolute / count,
    bias: signed / count,
    within5: within[5] / count,
    within10: within[10] / count,
    within15: within[15] / count,
  };
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[] | Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
