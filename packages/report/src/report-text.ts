import type { KernelLatency, LatencyReport } from '@nnmeter/predictor';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatShape,
  formatShare,
  printable,
  shortenMiddle,
  wrap,
} from './format.ts';
import { type Column, renderTable } from './table.ts';
import type { TextStyle } from './text-style.ts';

/** Total, interval, coverage, the `top` heaviest kernels (Infinity: all, in the order they run), warnings. */
export function renderReport(report: LatencyReport, top: number, terminal: TextStyle): string {
  const { colors } = terminal;
  const all = report.kernels.length <= top;
  const ranked = [...report.kernels].sort((a, b) => b.latencyMs - a.latencyMs);
  const shown = Number.isFinite(top) ? ranked.slice(0, top) : report.kernels;
  const title = `${all ? 'All' : `Heaviest ${top} of`} ${report.kernels.length} kernels`;
  const estimated = report.kernels.some((kernel) => kernel.basis === 'estimated');
  const field = (label: string, text: string): string[] =>
    wrap(text, terminal.width - INDENT).map(
      (line, index) => `  ${(index === 0 ? label : '').padEnd(INDENT - 2)}${line}`,
    );
  const latency = `${report.complete ? '' : 'over '}${formatMs(report.latencyMs)} ms`;
  const lines = [
    `${colors.bold(shortenMiddle(printable(report.model), 50))} on ${colors.bold(report.predictor)} ${report.version}`,
    ...field('latency', latency + intervalText(report)).map((line) =>
      line.replace(latency, colors.bold),
    ),
    ...field('coverage', coverageText(report)),
    ...field('memory', memoryText(report)),
    ...remarks(report).flatMap((remark) =>
      field('warning', printable(remark)).map((line) =>
        line.replace(/^ {2}warning/, colors.yellow),
      ),
    ),
    ...fixedCost(report).flatMap((text) => field('fixed', text)),
    ...reloadTime(report).flatMap((text) => field('reading', text)),
    ...hiddenTime(report).flatMap((text) => field('beside', text)),
    `  ${title}${estimated ? ' (~ is estimated, not measured on the device)' : ''}`,
    '',
  ];
  const style = { ...terminal, width: terminal.width - 2 };
  return `${lines.join('\n')}${indent(kernelTable(shown, report.latencyMs, style))}\n`;
}

/** Where the texts beside `latency`, `coverage` and `warning` begin. */
const INDENT = 12;

function intervalText({ interval, complete }: LatencyReport): string {
  if (!complete) return '  (incomplete: not all of the model is counted, see the warnings)';
  if (interval === null) return '';
  return `  (${formatMs(interval.low)} - ${formatMs(interval.high)} ms with ${Math.round(interval.level * 100)} % confidence)`;
}

function fixedCost({ startupMs }: LatencyReport): readonly string[] {
  return startupMs > 0 ? [`${formatMs(startupMs)} ms in every run, in no kernel`] : [];
}

function reloadTime({ kernels }: LatencyReport): readonly string[] {
  const ms = kernels.reduce((sum, { reloadMs = 0 }) => sum + reloadMs, 0);
  return ms > 0
    ? [`${formatMs(ms)} ms of it to read weights again that caches do not hold from run to run`]
    : [];
}

function hiddenTime({ kernels }: LatencyReport): readonly string[] {
  const hidden = kernels.filter(({ hiddenMs = 0 }) => hiddenMs > 0);
  if (hidden.length === 0) return [];
  const ms = hidden.reduce((sum, { hiddenMs = 0 }) => sum + hiddenMs, 0);
  return [
    `${formatMs(ms)} ms of ${hidden.length} kernels pass while another unit of the device computes, and are not counted`,
  ];
}

function coverageText({ coverage }: LatencyReport): string {
  return `${formatShare(coverage.macs)} of the MACs and ${formatShare(coverage.nodes)} of the nodes are of measured kernel types`;
}

function memoryText({ size }: LatencyReport): string {
  const { macs, parameters, weightBytes, activationBytes, unknownActivations } = size;
  const unknown = unknownActivations > 0 ? `, without ${unknownActivations} of unknown shape` : '';
  return (
    `${formatBytes(weightBytes)} of weights (${formatCount(parameters)}), ` +
    `at most ${formatBytes(activationBytes)} of activations at a time${unknown}; ${formatCount(macs)} MACs`
  );
}

function remarks(report: LatencyReport): readonly string[] {
  const outside = report.extrapolation.map((what) => `outside the training data: ${what}`);
  return [...outside, ...report.warnings];
}

const KERNEL_COLUMNS: readonly Column[] = [
  { title: 'kernel' },
  { title: 'ms', align: 'right' },
  { title: 'share', align: 'right', leaveOut: 4 },
  { title: 'cumulative', align: 'right', leaveOut: 2 },
  { title: 'input', leaveOut: 1 },
  { title: 'output', leaveOut: 3 },
  { title: 'nodes', least: 8 },
];

function kernelTable(kernels: readonly KernelLatency[], totalMs: number, style: TextStyle): string {
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
      nodeNames(kernel.nodes),
    ];
  });
  return renderTable(KERNEL_COLUMNS, rows, style);
}

function nodeNames(nodes: readonly string[]): string {
  const more = nodes.length > 1 ? ` +${nodes.length - 1}` : '';
  return printable(nodes[0] ?? '') + more;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
