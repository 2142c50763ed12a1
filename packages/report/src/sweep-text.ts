import { formatBytes, formatCount, formatMs, printable, wrap } from './format.ts';
import {
  type FailedPoint,
  type PointPrediction,
  type PredictedPoint,
  predictorsOf,
  type Sweep,
} from './sweep.ts';
import { type Column, fits, renderTable } from './table.ts';
import type { TextStyle } from './text-style.ts';

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
