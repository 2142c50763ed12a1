import { Graph, NnMeterError } from '@nnmeter/ir';
import {
  calibratedMs,
  type Factors,
  fitFactors,
  isMeasurement,
  type KernelTime,
  kernelGroups,
  latencyMetrics,
  MAX_CORRECTION,
  type ModelTime,
  modelMs,
} from '@nnmeter/latency-model';
import { mapReports } from './map-reports.ts';
import type { LatencyPredictor } from './predictor.ts';
import type { KernelLatency, LatencyReport } from './report.ts';

/** One of the user's own measurements. */
export interface Measurement {
  readonly graph: Graph;
  /** ms, one inference */
  readonly latencyMs: number;
}

/** What adapts a predictor to another clock, runtime version or sibling device; plain data, save it as JSON. */
export interface Calibration extends Factors {
  readonly format: 'nnmeter-calibration';
  readonly version: 1;
  /** Name and version of the predictor it was fitted for. */
  readonly predictor: string;
  readonly predictorVersion: string;
  /** Number of measurements. */
  readonly measurements: number;
  /** Root mean square relative error on these measurements before and after, as fractions of 1. */
  readonly rmspeBefore: number;
  readonly rmspeAfter: number;
}

/** A measurement that is further off after the fit cannot belong to the others. */
const MAX_ERROR = 0.6;

/**
 * Fits a common factor, factors per group of kernels and a time per kernel to a handful of measurements; ten adapt a
 * predictor to a family of networks that it never saw. Groups that the measurements say little about keep the common
 * factor; fewer than three measurements give only that.
 * @throws NnMeterError E_MEASUREMENTS that names the measurement: none at all, not a positive number, or so far from
 * what the others say that it cannot be of the same device.
 */
export function fitCalibration(
  predictor: LatencyPredictor,
  measurements: readonly Measurement[],
): Calibration {
  if (measurements.length === 0)
    throw new NnMeterError('E_MEASUREMENTS', 'there are no measurements to calibrate with');
  for (const [index, { graph, latencyMs }] of measurements.entries()) {
    if (!(graph instanceof Graph)) {
      throw new NnMeterError(
        'E_MEASUREMENTS',
        `measurement ${index + 1} has no graph; read its model with modelFileToGraph`,
      );
    }
    if (!isMeasurement(latencyMs)) {
      throw new NnMeterError(
        'E_MEASUREMENTS',
        `measurement ${index + 1} (${graph.name}) is ${latencyMs}; it must be a positive number of ms (1e-9 to 1e12)`,
      );
    }
  }
  const reports = measurements.map(({ graph }) => predictor.predictGraph(graph));
  const empty = reports.findIndex(({ latencyMs }) => !(latencyMs > 0));
  if (empty >= 0) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `measurement ${empty + 1} (${reports[empty]!.model}) is of a model without operations`,
    );
  }
  const measured = measurements.map(({ latencyMs }) => latencyMs);
  const predicted = reports.map(({ latencyMs }) => latencyMs);
  const models = reports.map(modelTime);
  const factors = fitFactors(models, measured);
  const calibrated = models.map((model) => modelMs(model, factors));
  for (const [index, latencyMs] of calibrated.entries()) {
    if (Math.abs(latencyMs / measured[index]! - 1) <= MAX_ERROR) continue;
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `measurement ${index + 1} (${measurements[index]!.graph.name}, ${measured[index]} ms) contradicts the others, which say ${latencyMs.toPrecision(4)} ms; check its unit and device`,
    );
  }
  return {
    format: 'nnmeter-calibration',
    version: 1,
    predictor: predictor.name,
    predictorVersion: predictor.version,
    ...factors,
    measurements: measurements.length,
    rmspeBefore: latencyMetrics(predicted, measured).rmspe,
    rmspeAfter: latencyMetrics(calibrated, measured).rmspe,
  };
}

/**
 * A predictor whose kernels are multiplied by the factors of a calibration.
 * @throws NnMeterError E_MEASUREMENTS if it is not a calibration, or one of another predictor or version.
 */
export function calibratePredictor(
  predictor: LatencyPredictor,
  calibration: Calibration,
): LatencyPredictor {
  if (!isCalibration(calibration)) {
    throw new NnMeterError('E_MEASUREMENTS', 'this is not a calibration written by fitCalibration');
  }
  const fitted = `${calibration.predictor} ${calibration.predictorVersion}`;
  const given = `${predictor.name} ${predictor.version}`;
  if (fitted !== given) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `the calibration is for ${fitted}, not for ${given}; calibrate again`,
    );
  }
  return mapReports(predictor, (report) => calibrateReport(report, calibration));
}

/** Checks what may come from a file: every field, and that no factor can overflow. */
function isCalibration(value: unknown): value is Calibration {
  if (typeof value !== 'object' || value === null) return false;
  const calibration = value as Record<keyof Calibration, unknown>;
  const { format, version, predictor, predictorVersion, measurements } = calibration;
  const { scale, corrections, perKernelMs } = calibration;
  return (
    format === 'nnmeter-calibration' &&
    version === 1 &&
    typeof predictor === 'string' &&
    typeof predictorVersion === 'string' &&
    isBetween(scale, 1e-15, 1e15) &&
    isBetween(perKernelMs, -1e15, 1e15) &&
    typeof corrections === 'object' &&
    corrections !== null &&
    !Array.isArray(corrections) &&
    Object.values(corrections).every((correction) =>
      isBetween(correction, -MAX_CORRECTION, MAX_CORRECTION),
    ) &&
    isBetween(measurements, 1, 2 ** 53)
  );
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

function modelTime({ startupMs, kernels }: LatencyReport): ModelTime {
  return { startupMs, kernels: kernels.map(kernelTime) };
}

function kernelTime({ configuration, latencyMs, basis }: KernelLatency): KernelTime {
  const groups =
    configuration === undefined ? [] : kernelGroups(configuration, basis === 'estimated');
  return { groups, ms: latencyMs };
}

function calibrateReport(report: LatencyReport, factors: Factors): LatencyReport {
  const kernels = report.kernels.map((kernel) => ({
    ...kernel,
    latencyMs: calibratedMs(factors, kernelTime(kernel)),
  }));
  const startupMs = factors.scale * report.startupMs;
  const latencyMs = kernels.reduce((sum, kernel) => sum + kernel.latencyMs, startupMs);
  const { interval } = report;
  const ratio = report.latencyMs > 0 ? latencyMs / report.latencyMs : 1;
  return {
    ...report,
    latencyMs,
    startupMs,
    interval: interval && { ...interval, low: interval.low * ratio, high: interval.high * ratio },
    kernels,
  };
}
