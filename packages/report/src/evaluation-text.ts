import type { Accuracy, Evaluation } from './evaluation.ts';
import { formatMs, formatShare, printable, shortenMiddle } from './format.ts';
import { type Column, renderTable } from './table.ts';
import type { TextStyle } from './text-style.ts';

const ACCURACY: readonly Column[] = [
  { title: 'family', least: 8 },
  { title: 'models', align: 'right', leaveOut: 4 },
  { title: 'RMSE ms', align: 'right', leaveOut: 5 },
  { title: 'RMSPE', align: 'right' },
  { title: 'MAPE', align: 'right', leaveOut: 3 },
  { title: 'bias', align: 'right', leaveOut: 6 },
  { title: '±5 %', align: 'right' },
  { title: '±10 %', align: 'right' },
  { title: '±15 %', align: 'right', leaveOut: 1 },
  { title: 'in interval', align: 'right', leaveOut: 2 },
];

const WORST: readonly Column[] = [
  { title: 'worst models', least: 12 },
  { title: 'measured ms', align: 'right' },
  { title: 'predicted ms', align: 'right', leaveOut: 1 },
  { title: 'error', align: 'right' },
];

/** Accuracy over all models and by family, and the worst models. */
export function renderEvaluation(evaluation: Evaluation, terminal: TextStyle): string {
  const { colors } = terminal;
  const { predictor, version, dataset, column, scale, ranks, families, worst } = evaluation;
  const accuracies = renderTable(
    ACCURACY,
    [['all', evaluation] as const, ...Object.entries(families)].map(([name, accuracy]) => [
      shortenMiddle(printable(name), 20),
      ...accuracyCells(accuracy),
    ]),
    terminal,
  );
  const models = renderTable(
    WORST,
    worst.map(({ id, measuredMs, predictedMs, error }) => [
      shortenMiddle(printable(id), 40),
      formatMs(measuredMs),
      formatMs(predictedMs),
      signed(error),
    ]),
    terminal,
  );
  const of = column === undefined ? '' : `, ${printable(column)}`;
  const title = `${colors.bold(`${predictor} ${version}`)} on ${printable(dataset)}${of}`;
  const factor = scale === undefined ? '' : `; all predictions times ${scale.toPrecision(4)}`;
  const order = `order of the models: Spearman ${rank(ranks.spearman)}, Kendall ${rank(ranks.kendall)}${factor}`;
  return `${title}\n${accuracies}\n${order}\n\n${models}`;
}

function accuracyCells(accuracy: Accuracy): string[] {
  const { count, rmse, rmspe, mape, bias, within5, within10, within15, intervalCoverage } =
    accuracy;
  return [
    String(count),
    formatMs(rmse),
    formatShare(rmspe),
    formatShare(mape),
    signed(bias),
    ...[within5, within10, within15].map(formatShare),
    intervalCoverage === null ? '-' : formatShare(intervalCoverage),
  ];
}

function rank(correlation: number | null): string {
  return correlation === null ? '-' : correlation.toFixed(3);
}

function signed(error: number): string {
  return `${error < 0 ? '' : '+'}${(error * 100).toFixed(1)} %`;
}
