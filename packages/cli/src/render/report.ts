import type { KernelLatency, LatencyReport } from '@nnmeter/predictor';
import type { Paper } from '../terminal.ts';
import { formatMs, formatShape, formatShare, printable, shortenMiddle, wrap } from './format.ts';
import { type Column, renderTable } from './table.ts';

/** Total, interval, coverage, the `top` heaviest kernels (Infinity: all, in the order they run), warnings. */
export function renderReport(report: LatencyReport, top: number, terminal: Paper): string {
  const { colors } = terminal;
  const all = report.kernels.length <= top;
  const ranked = [...report.kernels].sort((a, b) => b.latencyMs - a.latencyMs);
  const shown = Number.isFinite(top) ? ranked.slice(0, top) : report.kernels;
  const title = `${all ? 'All' : `Heaviest ${top} of`} ${report.kernels.length} kernels`;
  const estimated = report.kernels.some((kernel) => kernel.basis === 'estimated');
  const lines = [
    `${colors.bold(shortenMiddle(printable(report.model), 50))} on ${colors.bold(report.predictor)} ${report.version}`,
    `  latency   ${colors.bold(`${formatMs(report.latencyMs)} ms`)}${intervalText(report)}`,
    `  coverage  ${coverageText(report)}`,
    ...remarks(report).flatMap((remark) =>
      wrap(printable(remark), terminal.width - 12).map((line, index) =>
        index === 0 ? `  ${colors.yellow('warning')}   ${line}` : `            ${line}`,
      ),
    ),
    ...fixedCost(report),
    `  ${title}${estimated ? ' (~ is estimated, not measured on the device)' : ''}`,
    '',
  ];
  return `${lines.join('\n')}${indent(kernelTable(shown, report.latencyMs, terminal))}\n`;
}

function intervalText({ interval }: LatencyReport): string {
  if (interval === null) return '';
  return `  (${formatMs(interval.low)} - ${formatMs(interval.high)} ms with ${Math.round(interval.level * 100)} % confidence)`;
}

/** What the total holds beyond the kernels: the start-up cost of every run. */
function fixedCost({ kernels, latencyMs }: LatencyReport): readonly string[] {
  const fixed = kernels.reduce((rest, kernel) => rest - kernel.latencyMs, latencyMs);
  return fixed > latencyMs * 1e-6
    ? [`  fixed     ${formatMs(fixed)} ms in every run, in no kernel`]
    : [];
}

function coverageText({ coverage }: LatencyReport): string {
  return `${formatShare(coverage.macs)} of the MACs and ${formatShare(coverage.nodes)} of the nodes are of measured kernel types`;
}

function remarks(report: LatencyReport): readonly string[] {
  const outside = report.extrapolation.map((what) => `outside the training data: ${what}`);
  return [...outside, ...report.warnings];
}

const KERNEL_COLUMNS: readonly Column[] = [
  { title: 'kernel' },
  { title: 'ms', align: 'right' },
  { title: 'share', align: 'right' },
  { title: 'cumulative', align: 'right' },
  { title: 'input' },
  { title: 'output' },
  { title: 'nodes' },
];

function kernelTable(kernels: readonly KernelLatency[], totalMs: number, terminal: Paper): string {
  let sum = 0;
  const rows = kernels.map((kernel) => {
    sum += kernel.latencyMs;
    return [
      shortenMiddle(kernel.type, 18),
      kernel.basis === 'uncounted'
        ? '-'
        : `${kernel.basis === 'estimated' ? '~' : ''}${formatMs(kernel.latencyMs)}`,
      formatShare(totalMs > 0 ? kernel.latencyMs / totalMs : 0),
      formatShare(totalMs > 0 ? sum / totalMs : 0),
      shortenMiddle(formatShape(kernel.input), 16),
      shortenMiddle(formatShape(kernel.output), 16),
    ];
  });
  const used = KERNEL_COLUMNS.slice(0, -1).map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => row[index]!.length)),
  );
  const left = terminal.width - 2 - used.reduce((total, width) => total + width + 2, 0);
  const nodeWidth = Math.max(12, left);
  return renderTable(
    KERNEL_COLUMNS,
    rows.map((row, index) => [...row, nodeNames(kernels[index]!.nodes, nodeWidth)]),
    terminal.colors,
  );
}

function nodeNames(nodes: readonly string[], width: number): string {
  const more = nodes.length > 1 ? ` +${nodes.length - 1}` : '';
  return shortenMiddle(printable(nodes[0] ?? ''), width - more.length) + more;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
