import { type Graph, NnMeterError } from '@nnmeter/ir';
import type { LatencyPredictor } from './predictor.ts';
import type { LatencyReport } from './report.ts';

/** One of the user's own measurements. */
export interface Measurement {
  readonly graph: Graph;
  /** ms, one inference */
  readonly latencyMs: number;
}

/** Factors that adapt a predictor to another clock, runtime version or sibling device; plain data, save it as JSON. */
export interface Calibration {
  readonly format: 'nnmeter-calibration';
  readonly version: 1;
  /** Name and version of the predictor it was fitted for. */
  readonly predictor: string;
  readonly predictorVersion: string;
  /** Factor for everything that `kinds` does not name. */
  readonly scale: number;
  /** Factor by the first op of a kernel: `conv`, `dwconv`, `se`, ... */
  readonly kinds: Readonly<Record<string, number>>;
  /** Number of measurements. */
  readonly measurements: number;
  /** Root mean square relative error on these measurements before and after, as fractions of 1. */
  readonly rmspeBefore: number;
  readonly rmspeAfter: number;
}

/** Strength that pulls the factors of the kinds towards the common one, in measurements. */
const PRIOR = 0.02;
/** Kinds that take less than this share of every model keep the common factor. */
const LEAST_SHARE = 0.01;
/** With fewer measurements only the common factor is fitted. */
const LEAST_FOR_KINDS = 3;
const GREATEST_FACTOR = 5;
/** After the fit, a measurement this far off cannot belong to the others. */
const GREATEST_ERROR = 0.6;
const ROUNDS = 200;

/**
 * Fits factors per kind of kernel to a handful of measurements; ten are enough for a family of networks that the
 * predictor never saw. Kinds that the measurements say little about stay near the common factor (ridge regression of
 * relative errors).
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
    if (!(latencyMs > 0 && latencyMs < Infinity)) {
      throw new NnMeterError(
        'E_MEASUREMENTS',
        `measurement ${index + 1} (${graph.name}) is ${latencyMs}; it must be a positive number of ms`,
      );
    }
  }
  const reports = measurements.map(({ graph }) => predictor.predictGraph(graph));
  const measured = measurements.map(({ latencyMs }) => latencyMs);
  const scale = median(reports.map(({ latencyMs }, index) => measured[index]! / latencyMs));
  const kinds = measurements.length < LEAST_FOR_KINDS ? {} : fitKinds(reports, measured, scale);
  const after = reports.map(
    (report, index) => scaledTotal(report, scale, kinds) / measured[index]! - 1,
  );
  for (const [index, error] of after.entries()) {
    if (Math.abs(error) <= GREATEST_ERROR) continue;
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `measurement ${index + 1} (${measurements[index]!.graph.name}, ${measured[index]} ms) contradicts the others, which say ${(measured[index]! * (1 + error)).toPrecision(4)} ms; check its unit and device`,
    );
  }
  return {
    format: 'nnmeter-calibration',
    version: 1,
    predictor: predictor.name,
    predictorVersion: predictor.version,
    scale,
    kinds,
    measurements: measurements.length,
    rmspeBefore: rootMeanSquare(
      reports.map(({ latencyMs }, index) => latencyMs / measured[index]! - 1),
    ),
    rmspeAfter: rootMeanSquare(after),
  };
}

/**
 * A predictor whose kernels are multiplied by the factors of a calibration.
 * @throws NnMeterError E_MEASUREMENTS if the calibration is for another predictor or not a calibration.
 */
export function calibratePredictor(
  predictor: LatencyPredictor,
  calibration: Calibration,
): LatencyPredictor {
  const { format, version, scale, kinds } = calibration;
  const factors = [scale, ...Object.values(kinds ?? {})];
  if (
    format !== 'nnmeter-calibration' ||
    version !== 1 ||
    !factors.every((factor) => factor > 0 && factor < Infinity)
  )
    throw new NnMeterError('E_MEASUREMENTS', 'this is not a calibration written by fitCalibration');
  if (calibration.predictor !== predictor.name) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `the calibration is for ${calibration.predictor}, not for ${predictor.name}`,
    );
  }
  const predictGraph = (graph: Graph): LatencyReport =>
    scaleReport(predictor.predictGraph(graph), scale, kinds);
  return {
    ...predictor,
    predictGraph,
    estimateTotal: (graph) => predictGraph(graph).latencyMs,
    predict: async (model, modelType, options) =>
      scaleReport(await predictor.predict(model, modelType, options), scale, kinds),
  };
}

type Factors = Readonly<Record<string, number>>;

function kindOf(type: string): string {
  const dash = type.indexOf('-');
  return dash < 0 ? type : type.slice(0, dash);
}

function scaledTotal({ latencyMs, kernels }: LatencyReport, scale: number, kinds: Factors): number {
  let total = scale * latencyMs;
  for (const kernel of kernels)
    total += ((kinds[kindOf(kernel.type)] ?? scale) - scale) * kernel.latencyMs;
  return total;
}

function scaleReport(report: LatencyReport, scale: number, kinds: Factors): LatencyReport {
  const latencyMs = scaledTotal(report, scale, kinds);
  const ratio = latencyMs / report.latencyMs;
  const { interval } = report;
  return {
    ...report,
    latencyMs,
    interval: interval && {
      ...interval,
      low: interval.low * ratio,
      high: interval.high * ratio,
    },
    kernels: report.kernels.map((kernel) => ({
      ...kernel,
      latencyMs: kernel.latencyMs * (kinds[kindOf(kernel.type)] ?? scale),
    })),
  };
}

/** Coordinate descent on the squared relative errors plus the prior; every factor stays within bounds of the common one. */
function fitKinds(
  reports: readonly LatencyReport[],
  measured: readonly number[],
  scale: number,
): Record<string, number> {
  const shares = new Map<string, Float64Array>();
  for (const [index, { kernels }] of reports.entries()) {
    for (const { type, latencyMs } of kernels) {
      const kind = kindOf(type);
      const share = shares.get(kind) ?? new Float64Array(reports.length);
      shares.set(kind, share);
      share[index]! += latencyMs / measured[index]!;
    }
  }
  const kinds = Object.fromEntries(
    [...shares]
      .filter(([, share]) => Math.max(...share) * scale >= LEAST_SHARE)
      .map(([kind]) => [kind, scale]),
  );
  const errors = reports.map(
    (report, index) => scaledTotal(report, scale, kinds) / measured[index]! - 1,
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of Object.keys(kinds)) {
      const share = shares.get(kind)!;
      const old = kinds[kind]!;
      const prior = PRIOR / scale ** 2;
      let slope = prior * (scale - old);
      let curvature = prior;
      for (const [index, error] of errors.entries()) {
        slope -= share[index]! * error;
        curvature += share[index]! ** 2;
      }
      const bounded = Math.min(
        scale * GREATEST_FACTOR,
        Math.max(scale / GREATEST_FACTOR, old + slope / curvature),
      );
      for (const index of errors.keys()) errors[index]! += (bounded - old) * share[index]!;
      kinds[kind] = bounded;
    }
  }
  return kinds;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
