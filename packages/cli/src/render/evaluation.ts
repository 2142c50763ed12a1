import type { Accuracy, Evaluation } from '../eval/evaluation.ts';
import type { Terminal } from '../terminal.ts';
import { formatMs, formatShare, printable, shortenMiddle } from './format.ts';
import { type Column, renderTable } from './table.ts';

const right = (title: string): Column => ({ title, align: 'right' });

/** Accuracy over all models and by family, and the worst models. */
export function renderEvaluation(evaluation: Evaluation, terminal: Terminal): string {
  const { colors } = terminal;
  const { predictor, version, dataset, families, worst } = evaluation;
  const accuracies = renderTable(
    [
      { title: 'family' },
      ...[
        'models',
        'RMSE ms',
        'RMSPE',
        'MAPE',
        'bias',
        '±5 %',
        '±10 %',
        '±15 %',
        'in interval',
      ].map(right),
    ],
    [['all', evaluation] as const, ...Object.entries(families)].map(([name, accuracy]) => [
      shortenMiddle(printable(name), 20),
      ...accuracyCells(accuracy),
    ]),
    colors,
  );
  const models = renderTable(
    [{ title: 'worst models' }, ...['measured ms', 'predicted ms', 'error'].map(right)],
    worst.map(({ id, measuredMs, predictedMs, error }) => [
      shortenMiddle(printable(id), 40),
      formatMs(measuredMs),
      formatMs(predictedMs),
      signed(error),
    ]),
    colors,
  );
  const title = `${colors.bold(`${predictor} ${version}`)} on ${printable(dataset)}`;
  return `${title}\n${accuracies}\n${models}`;
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

function signed(error: number): string {
  return `${error < 0 ? '' : '+'}${(error * 100).toFixed(1)} %`;
}
