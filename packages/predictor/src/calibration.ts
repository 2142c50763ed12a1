import { Graph, NnMeterError, quote } from '@nnmeter/ir';
import {
  type Adaptation,
  Adapter,
  fitAdaptation,
  isAdaptation,
  isMeasurement,
  type KernelTime,
  latencyMetrics,
  type MeasuredModel,
} from '@nnmeter/latency-model';
import { isSetting, type Setting } from './definition.ts';
import { mapReports } from './map-reports.ts';
import type { LatencyPredictor } from './predictor.ts';
import type { KernelLatency, LatencyReport } from './report.ts';
import { namedSetting, settingText } from './settings.ts';

/** One of the user's own measurements. */
export interface Measurement {
  readonly graph: Graph;
  /** ms, one inference */
  readonly latencyMs: number;
}

/** What adapts a predictor to another clock, runtime version or sibling device; plain data, save it as JSON. */
export interface Calibration {
  readonly format: 'nnmeter-calibration';
  readonly version: 2;
  readonly adaptation: Adaptation;
  /** Name and version of the predictor it was fitted for. */
  readonly predictor: string;
  readonly predictorVersion: string;
  /** In which setting of its device; absent: in the first, or none are told apart. */
  readonly setting?: Setting;
  /** Number of measurements. */
  readonly measurements: number;
  /** Root mean square relative error on these measurements before and after, as fractions of 1. */
  readonly rmspeBefore: number;
  readonly rmspeAfter: number;
}

/** A measurement that is further off after the fit cannot belong to the others. */
const MAX_ERROR = 0.6;

/**
 * Fits what the kernels of the predictor's device have to be multiplied by to a handful of measurements; ten adapt a
 * predictor to a family of networks that it never saw. Kernels that the measurements say little about keep the common
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
  const adaptation = fitAdaptation(
    reports.map((report, index) => measuredModel(report, measured[index]!)),
  );
  const adapter = new Adapter(adaptation);
  const calibrated = reports.map((report) => calibrateReport(report, adapter).latencyMs);
  for (const [index, latencyMs] of calibrated.entries()) {
    if (Math.abs(latencyMs / measured[index]! - 1) <= MAX_ERROR) continue;
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `measurement ${index + 1} (${measurements[index]!.graph.name}, ${measured[index]} ms) contradicts the others, which say ${latencyMs.toPrecision(4)} ms; check its unit and device`,
    );
  }
  return {
    format: 'nnmeter-calibration',
    version: 2,
    predictor: predictor.name,
    predictorVersion: predictor.version,
    ...(predictor.setting && { setting: namedSetting(predictor.setting) }),
    adaptation,
    measurements: measurements.length,
    rmspeBefore: latencyMetrics(predicted, measured).rmspe,
    rmspeAfter: latencyMetrics(calibrated, measured).rmspe,
  };
}

/**
 * A predictor whose kernels are multiplied by the factors of a calibration.
 * @throws NnMeterError E_MEASUREMENTS if it is not a calibration, or one of another predictor, version or setting.
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
  requireSameSetting(predictor, calibration);
  const adapter = new Adapter(calibration.adaptation);
  const reloads = predictor.reloads?.map(({ beyondMB, msPerMB }) => ({
    beyondMB,
    msPerMB: adapter.reloadMs(msPerMB),
  }));
  return mapReports(predictor, (report) => calibrateReport(report, adapter), reloads);
}

function requireSameSetting({ name, setting: own }: LatencyPredictor, { setting }: Calibration) {
  const isSame =
    setting === undefined
      ? own?.isDefault !== false
      : own !== undefined && settingText(setting) === settingText(own);
  if (isSame) return;
  const words = (of: Setting | undefined): string =>
    of === undefined ? 'its first setting' : quote(settingText(of));
  throw new NnMeterError(
    'E_MEASUREMENTS',
    `the calibration is for ${name} in ${words(setting)}, not in ${words(own)}; choose that setting or calibrate again`,
  );
}

/** Checks what may come from a file. */
export function isCalibration(value: unknown): value is Calibration {
  if (typeof value !== 'object' || value === null) return false;
  const calibration = value as Record<keyof Calibration, unknown>;
  const { format, version, predictor, predictorVersion, measurements } = calibration;
  return (
    format === 'nnmeter-calibration' &&
    version === 2 &&
    typeof predictor === 'string' &&
    typeof predictorVersion === 'string' &&
    isAdaptation(calibration.adaptation) &&
    (calibration.setting === undefined || isSetting(calibration.setting)) &&
    typeof measurements === 'number' &&
    measurements >= 1
  );
}

/** A report as {@link fitAdaptation} takes it; kernels of unknown shapes take no time in it. */
function measuredModel({ startupMs, kernels }: LatencyReport, measuredMs: number): MeasuredModel {
  return {
    startupMs,
    reloadMs: kernels.reduce((sum, { reloadMs = 0 }) => sum + reloadMs, 0),
    measuredMs,
    kernels: kernels.flatMap((kernel) => {
      const known = kernelTime(kernel);
      return known === undefined ? [] : [{ kernel: known, uses: 1 }];
    }),
  };
}

function kernelTime(kernel: KernelLatency): KernelTime | undefined {
  const { configuration, latencyMs, reloadMs = 0, estimatedShare = 0 } = kernel;
  if (configuration === undefined) return undefined;
  return { configuration, ms: latencyMs - reloadMs, estimatedShare };
}

function calibrateReport(report: LatencyReport, adapter: Adapter): LatencyReport {
  const kernels = report.kernels.map((kernel) => {
    const known = kernelTime(kernel);
    if (known === undefined) return kernel;
    const adapted = (ms: number): number =>
      adapter.kernelMs(known.configuration, ms, known.estimatedShare);
    const { hiddenMs } = kernel;
    const reloadMs = adapter.reloadMs(kernel.reloadMs ?? 0);
    return {
      ...kernel,
      latencyMs: adapted(known.ms) + reloadMs,
      ...(hiddenMs !== undefined && { hiddenMs: adapted(hiddenMs) }),
      ...(reloadMs > 0 && { reloadMs }),
    };
  });
  const startupMs = adapter.startupMs(report.startupMs);
  const latencyMs = kernels.reduce((sum, kernel) => sum + kernel.latencyMs, startupMs);
  const { interval } = report;
  const ratio = report.latencyMs > 0 ? latencyMs / report.latencyMs : 1;
  return {
    ...report,
    latencyMs,
    startupMs,
    interval: interval && { ...interval, low: interval.low * ratio, high: interval.high * ratio },
    roofline: null,
    kernels,
  };
}
