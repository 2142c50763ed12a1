import type { LatencyReport } from '@nnmeter/predictor';
import { formatMs, formatShare, printable } from './format.ts';
import { type Column, fits, renderTable } from './table.ts';
import type { TextStyle } from './text-style.ts';

/** What the closing table keeps of a report or a failure. */
export interface SummaryRow {
  readonly model: string;
  /** One per predictor, in their order; empty if the model failed. */
  readonly results: readonly Pick<
    LatencyReport,
    'predictor' | 'latencyMs' | 'complete' | 'interval' | 'coverage'
  >[];
  /** Whether there are warnings that no breakdown has shown. */
  readonly hidesWarnings: boolean;
}

const DETAILS: readonly Column[] = [
  { title: 'ms', align: 'right' },
  { title: '90 % interval', align: 'right', leaveOut: 3 },
  { title: 'MACs covered', align: 'right', leaveOut: 2 },
  { title: 'nodes covered', align: 'right', leaveOut: 1 },
];
const PREDICTOR: Column = { title: 'predictor', least: 10 };
const MODEL: Column = { title: 'model', least: 12 };

/** One model on several devices, a row per device. */
export function renderComparison(row: SummaryRow, style: TextStyle): string {
  return renderTable(
    [PREDICTOR, ...DETAILS],
    row.results.map((result) => [result.predictor, ...details(result)]),
    style,
  );
}

/** Many models on one device or several, and how many of them have warnings. */
export function renderSummary(
  rows: readonly SummaryRow[],
  predictors: readonly string[],
  style: TextStyle,
): string {
  const hidden = rows.filter(({ hidesWarnings }) => hidesWarnings).length;
  const note = `\n${hidden} of ${rows.length} models have warnings, which --top 10 or --json shows\n`;
  const table =
    predictors.length > 1 ? renderMatrix(rows, predictors, style) : renderList(rows, style);
  return hidden > 0 ? table + note : table;
}

/** A row for each model, with interval and coverage. */
function renderList(rows: readonly SummaryRow[], style: TextStyle): string {
  return renderTable(
    [MODEL, ...DETAILS],
    rows.map(({ model, results: [result] }) => [
      printable(model),
      ...(result === undefined ? failed(DETAILS.length) : details(result)),
    ]),
    style,
  );
}

/** A column of ms for each predictor, or a row where the style is too narrow. */
function renderMatrix(
  rows: readonly SummaryRow[],
  predictors: readonly string[],
  style: TextStyle,
): string {
  const columns: readonly Column[] = [
    { ...MODEL, title: 'model (ms on)' },
    ...predictors.map((name) => ({ title: name.replace('_', '\n'), align: 'right' as const })),
  ];
  const cells = rows.map(({ model, results }) => [
    printable(model),
    ...(results.length === 0 ? failed(predictors.length) : results.map(milliseconds)),
  ]);
  if (fits(columns, cells, style.width)) return renderTable(columns, cells, style);
  const list = rows.flatMap(({ model, results }) => {
    const name = printable(model);
    if (results.length === 0) return [[name, '', 'failed']];
    return results.map((result) => [name, result.predictor, milliseconds(result)]);
  });
  return renderTable([MODEL, PREDICTOR, { title: 'ms', align: 'right' }], list, style);
}

function failed(columns: number): string[] {
  return ['failed', ...new Array<string>(columns - 1).fill('')];
}

/** 45.06, or `over 45.06` if not all of the model is counted. */
function milliseconds({ latencyMs, complete }: SummaryRow['results'][number]): string {
  return `${complete ? '' : 'over '}${formatMs(latencyMs)}`;
}

function details(result: SummaryRow['results'][number]): string[] {
  const { interval, coverage } = result;
  return [
    milliseconds(result),
    interval === null ? '-' : `${formatMs(interval.low)} - ${formatMs(interval.high)}`,
    formatShare(coverage.macs),
    formatShare(coverage.nodes),
  ];
}
