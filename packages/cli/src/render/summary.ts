import type { LatencyReport } from '@nnmeter/predictor';
import type { Terminal } from '../terminal.ts';
import { formatMs, formatShare, printable, shortenMiddle } from './format.ts';
import { type Column, renderTable } from './table.ts';

/** What the closing table keeps of a report or a failure. */
export interface SummaryRow {
  readonly model: string;
  /** One per predictor, in their order; empty if the model failed. */
  readonly results: readonly Pick<
    LatencyReport,
    'predictor' | 'latencyMs' | 'interval' | 'coverage'
  >[];
}

const DETAILS: readonly Column[] = [
  { title: 'ms', align: 'right' },
  { title: '90 % interval', align: 'right' },
  { title: 'MACs covered', align: 'right' },
  { title: 'nodes covered', align: 'right' },
];

/** One model on several devices, a row per device. */
export function renderComparison(row: SummaryRow, terminal: Terminal): string {
  return renderTable(
    [{ title: 'predictor' }, ...DETAILS],
    row.results.map((result) => [result.predictor, ...details(result)]),
    terminal.colors,
  );
}

/** Many models: on one device with interval and coverage, on several a column of ms for each. */
export function renderSummary(
  rows: readonly SummaryRow[],
  predictors: readonly string[],
  terminal: Terminal,
): string {
  const only = predictors.length === 1;
  const columns: readonly Column[] = only
    ? DETAILS
    : predictors.map((name) => ({ title: name.replace('_', '\n'), align: 'right' }));
  const others = only ? 52 : predictors.length * 17;
  const modelWidth = Math.max(16, terminal.width - others);
  return renderTable(
    [{ title: only ? 'model' : 'model (ms on)' }, ...columns],
    rows.map(({ model, results }) => [
      shortenMiddle(printable(model), modelWidth),
      ...(results.length === 0
        ? columns.map((_, index) => (index === 0 ? 'failed' : ''))
        : only
          ? details(results[0]!)
          : results.map((result) => formatMs(result.latencyMs))),
    ]),
    terminal.colors,
  );
}

function details({ latencyMs, interval, coverage }: SummaryRow['results'][number]): string[] {
  return [
    formatMs(latencyMs),
    interval === null ? '-' : `${formatMs(interval.low)} - ${formatMs(interval.high)}`,
    formatShare(coverage.macs),
    formatShare(coverage.nodes),
  ];
}
