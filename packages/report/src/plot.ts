import type { Comparison } from './comparison.ts';
import type { Evaluation } from './evaluation.ts';
import { groupByFamily, relativeError } from './evaluation.ts';
import { escapeHtml, shortenMiddle } from './format.ts';

/** What is drawn: one row of panels each. */
export interface PlottedEvaluation {
  readonly evaluation: Evaluation;
  readonly comparisons: readonly Comparison[];
}

const WIDTH = 960;
const ROW_HEIGHT = 460;
const SIDE = 360;
const TOP = 56;
const SCATTER_LEFT = 64;
const RESIDUAL_LEFT = 560;
const PALETTE = [
  ...['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#ff8ab7'],
  ...['#a463f2', '#97bbf5', '#9c6b4e', '#9498a0', '#1f7a8c', '#b5179e'],
];

/** Predicted against measured latency (log-log) and relative errors by family, as a standalone SVG. */
export function plotSvg(rows: readonly PlottedEvaluation[]): string {
  const height = rows.length * ROW_HEIGHT;
  const body = rows.map((row, index) => {
    return `<g transform="translate(0 ${index * ROW_HEIGHT})">${plotRow(row)}</g>`;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="#222">` +
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>${body.join('\n')}</svg>\n`
  );
}

/** The same as a web page. */
export function plotHtml(rows: readonly PlottedEvaluation[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>nn-meter eval</title>
<body style="margin: 1rem auto; width: ${WIDTH}px">
${plotSvg(rows)}</body>
</html>
`;
}

function plotRow({ evaluation, comparisons }: PlottedEvaluation): string {
  const { predictor, version, dataset, count, within5, within10 } = evaluation;
  const families = [...groupByFamily(comparisons)];
  const title = `${predictor} ${version} on ${shortenMiddle(dataset, 40)}: ${count} models, ${percent(within5)} within 5 %, ${percent(within10)} within 10 %`;
  return (
    text(SCATTER_LEFT, 24, title, 'font-size="14" font-weight="bold"') +
    scatter(families) +
    residuals(families)
  );
}

type Families = readonly (readonly [string, readonly Comparison[]])[];

function scatter(families: Families): string {
  const values = families.flatMap(([, members]) => {
    return members.flatMap(({ measured, predicted }) => [measured, predicted]);
  });
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, 0],
  );
  const position = logScale(low * 0.9, high * 1.1);
  const x = (ms: number) => SCATTER_LEFT + position(ms) * SIDE;
  const y = (ms: number) => TOP + (1 - position(ms)) * SIDE;
  const grid = logTicks(low * 0.9, high * 1.1).map(
    (ms) =>
      line(x(ms), TOP, x(ms), TOP + SIDE) +
      line(SCATTER_LEFT, y(ms), SCATTER_LEFT + SIDE, y(ms)) +
      text(x(ms), TOP + SIDE + 16, String(ms), 'text-anchor="middle"') +
      text(SCATTER_LEFT - 6, y(ms) + 4, String(ms), 'text-anchor="end"'),
  );
  const points = families.map(([, members], index) => {
    const path = members.map(({ measured, predicted }) => {
      return `M${x(measured).toFixed(1)} ${y(predicted).toFixed(1)}h0`;
    });
    return `<path d="${path.join('')}" stroke="${color(index)}" stroke-width="3" stroke-linecap="round" opacity="0.5"/>`;
  });
  return (
    grid.join('') +
    line(x(low), y(low), x(high), y(high), '#222') +
    points.join('') +
    text(SCATTER_LEFT + SIDE / 2, TOP + SIDE + 36, 'measured ms', 'text-anchor="middle"') +
    text(
      0,
      0,
      'predicted ms',
      `text-anchor="middle" transform="translate(16 ${TOP + SIDE / 2}) rotate(-90)"`,
    )
  );
}

function residuals(families: Families): string {
  const errors = families.map(([, members]) => members.map(relativeError).sort((a, b) => a - b));
  const ends = errors.flatMap((sorted) => [quantile(sorted, 0.05), quantile(sorted, 0.95)]);
  const limit = Math.min(1, Math.max(1, Math.ceil(Math.max(...ends.map(Math.abs)) * 10)) / 10);
  const x = (error: number) => {
    const shown = Math.max(-limit, Math.min(limit, error));
    return RESIDUAL_LEFT + ((shown + limit) / (2 * limit)) * SIDE;
  };
  const grid = [-1, -0.5, 0, 0.5, 1].map((part) => {
    const at = x(part * limit);
    return (
      line(at, TOP, at, TOP + SIDE, part === 0 ? '#222' : undefined) +
      text(at, TOP + SIDE + 16, `${Math.round(part * limit * 100)} %`, 'text-anchor="middle"')
    );
  });
  const step = SIDE / families.length;
  const boxes = families.map(([name], index) => {
    const at = (share: number) => x(quantile(errors[index]!, share));
    const y = TOP + (index + 0.5) * step;
    return (
      line(at(0.05), y, at(0.95), y, color(index)) +
      line(at(0.25), y, at(0.75), y, color(index), Math.min(14, step * 0.6)) +
      line(at(0.5), y - 6, at(0.5), y + 6, '#222', 2) +
      text(RESIDUAL_LEFT - 8, y + 4, name, `text-anchor="end" fill="${color(index)}"`)
    );
  });
  const caption = 'relative error: 5th, 25th, 50th, 75th, 95th percentile';
  return (
    grid.join('') +
    boxes.join('') +
    text(RESIDUAL_LEFT + SIDE / 2, TOP + SIDE + 36, caption, 'text-anchor="middle"')
  );
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))]!;
}

/** Maps [low, high] to [0, 1] by the logarithm. */
function logScale(low: number, high: number): (value: number) => number {
  const span = Math.log(high / low);
  return (value) => Math.log(value / low) / span;
}

/** 1, 2, 5 of every decade; only 1 where the range is wide. */
function logTicks(low: number, high: number): readonly number[] {
  const steps = high / low > 1000 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent++) {
    for (const step of steps) {
      const tick = Number(`${step}e${exponent}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

function color(index: number): string {
  return PALETTE[index % PALETTE.length]!;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function line(x1: number, y1: number, x2: number, y2: number, stroke = '#ddd', width = 1): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${stroke}" stroke-width="${width}"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeHtml(content)}</text>`;
}
