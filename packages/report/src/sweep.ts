import type { LatencyReport, ModelSize, SweepPoint } from '@nnmeter/predictor';
import { type FailureJson, failureToJson } from './failure-json.ts';
import { formatBytes, formatCount, formatMs, printable, wrap } from './format.ts';
import { type Column, fits, renderTable } from './table.ts';
import type { TextStyle } from './text-style.ts';

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

/** Reasons that are told in full. */
const MOST_FAILURES = 5;

/** A row for each value, and below the table why there are values without latencies. */
export function renderSweep({ model, variable, points }: Sweep, style: TextStyle): string {
  const names = predictorsOf(points);
  const size: readonly Column[] = [
    { title: 'MACs', align: 'right', leaveOut: 1 },
    { title: 'memory', align: 'right', leaveOut: 2 },
  ];
  const columns: readonly Column[] = [
    { title: printable(variable), align: 'right' },
    ...names.map((name) => ({ title: name.replace('_', '\n'), align: 'right' as const })),
    ...size,
  ];
  const rows = points.map((point) => [String(point.value), ...cellsOf(point, names.length)]);
  const table = fits(columns.slice(0, -2), rows, style.width)
    ? renderTable(columns, rows, style)
    : renderLong(points, variable, style);
  const failures = points.flatMap((point) =>
    'error' in point ? [`${variable} ${point.value}: ${point.error.message}`] : [],
  );
  const hidden = failures.length - MOST_FAILURES;
  const lines = [
    `${style.colors.bold(printable(model))} by ${printable(variable)}, ms`,
    '',
    table,
    ...failures.slice(0, MOST_FAILURES).flatMap((text) => wrap(printable(text), style.width)),
    ...(hidden > 0 ? [`and ${hidden} more, which --json has`] : []),
    ...(points.some(isExtrapolated) ? ['* partly outside what the device was measured with'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** The predictors of a sweep; none if it failed at all values. */
export function predictorsOf(points: Sweep['points']): readonly string[] {
  const first = points.find((point) => 'predictions' in point);
  return first === undefined ? [] : first.predictions.map(({ predictor }) => predictor);
}

function cellsOf(point: PredictedPoint | FailedPoint, devices: number): string[] {
  if ('error' in point) return ['failed', ...new Array<string>(Math.max(0, devices + 1)).fill('')];
  const { macs, weightBytes, activationBytes } = point.size;
  return [
    ...point.predictions.map(milliseconds),
    formatCount(macs),
    formatBytes(weightBytes + activationBytes),
  ];
}

/** A row for each value and predictor, where the style is too narrow for columns. */
function renderLong(points: Sweep['points'], variable: string, style: TextStyle): string {
  const rows = points.flatMap((point) =>
    'error' in point
      ? [[String(point.value), '', 'failed']]
      : point.predictions.map((prediction) => [
          String(point.value),
          prediction.predictor,
          milliseconds(prediction),
        ]),
  );
  const columns: readonly Column[] = [
    { title: printable(variable), align: 'right' },
    { title: 'predictor', least: 10 },
    { title: 'ms', align: 'right' },
  ];
  return renderTable(columns, rows, style);
}

function milliseconds({ latencyMs, complete, extrapolation }: PointPrediction): string {
  return `${complete ? '' : 'over '}${formatMs(latencyMs)}${extrapolation.length > 0 ? '*' : ''}`;
}

function isExtrapolated(point: PredictedPoint | FailedPoint): boolean {
  return (
    'predictions' in point &&
    point.predictions.some(({ extrapolation }) => extrapolation.length > 0)
  );
}
