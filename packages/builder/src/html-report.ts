import { escapeHtml, evaluate, formatMs, formatShare, plotSvg } from '@nnmeter/report';
import type { DriftPoint } from './drift.ts';
import type { RuleEvidence } from './learn-rules.ts';
import type { BuiltPredictor } from './plugin-files.ts';
import type { CheckedModel, PluginCheck } from './train-plugin.ts';

/** A kernel of a measured model, by the runtime's own times. */
export interface MeasuredKernel {
  readonly model: string;
  readonly type: string;
  /** `1x56x56x64 -> 1x28x28x128` */
  readonly shapes: string;
  readonly ms: number;
}

export interface BuildFindings {
  readonly definition: BuiltPredictor;
  readonly check: PluginCheck;
  readonly evidence: readonly RuleEvidence[];
  readonly slowest: readonly MeasuredKernel[];
  readonly drift: readonly DriftPoint[];
  /** In words, what a user should know. */
  readonly notes: readonly string[];
}

/** All that a build found out, as one web page that needs nothing else. */
export function buildReportHtml(findings: BuildFindings): string {
  const { definition, check, evidence, slowest, drift, notes } = findings;
  const { name, version, device, manifest } = definition;
  const comparisons = check.models;
  const evaluation = evaluate({ name, version }, 'networks not seen', comparisons);
  const sections = [
    section('Accuracy on networks that training did not see', accuracyTable(findings)),
    plotSvg([{ evaluation, comparisons }]),
    section('Networks that are furthest off', worstTable(check.models)),
    section('What the runtime fuses', rulesTable(evidence)),
    section('Slowest kernels', kernelsTable(slowest)),
    section('Drift of the machine, divided out', driftPlot(drift)),
    section('What it was measured with', factsTable(definition)),
  ];
  const said = notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(name)}: how the predictor was built</title>
<style>
body { margin: 1rem auto; width: 960px; font-family: system-ui, sans-serif; font-size: 14px; color: #222 }
table { border-collapse: collapse } td, th { padding: 2px 12px 2px 0; text-align: left } td.n { text-align: right }
</style>
<h1>${escapeHtml(name)}</h1>
<p>${escapeHtml(`${device.processor}, ${device.framework}, ${device.precision}; ${manifest.date}`)}</p>
${said === '' ? '' : `<ul>\n${said}\n</ul>`}
${sections.join('\n')}
</html>
`;
}

function accuracyTable({ definition, check }: BuildFindings): string {
  const { build } = definition.manifest;
  const { accuracy, nearest, isCrossValidated } = check;
  const rows: (readonly string[])[] = [
    ['', 'networks', 'within 5 %', 'within 10 %', 'within 15 %', 'RMS error'],
  ];
  const how = isCrossValidated ? 'cross-validated' : 'held out';
  const figures = (metrics: PluginCheck['accuracy']): string[] => [
    String(metrics.count),
    ...[metrics.within5, metrics.within10, metrics.within15, metrics.rmspe].map(formatShare),
  ];
  rows.push([`this predictor, ${how}`, ...figures(accuracy)]);
  if (nearest !== undefined)
    rows.push([`${nearest.name}, calibrated`, ...figures(nearest.accuracy)]);
  const ceiling = build.repeatCeiling === null ? 'not measured' : formatShare(build.repeatCeiling);
  rows.push(['repeat ceiling', String(build.repeats), '', ceiling, '', '']);
  return `${table(rows)}
<p>The repeat ceiling is the share of networks measured twice, far apart, whose latencies are within 10 %.
${formatShare(check.intervalCoverage)} of the measurements are inside their 90 % interval.</p>`;
}

/** Worst networks that are shown. */
const WORST = 10;

function worstTable(models: readonly CheckedModel[]): string {
  const errorOf = ({ predicted, measured }: CheckedModel): number => predicted / measured - 1;
  const worst = models.toSorted((a, b) => Math.abs(errorOf(b)) - Math.abs(errorOf(a)));
  return table([
    ['network', 'measured ms', 'predicted ms', 'error'],
    ...worst
      .slice(0, WORST)
      .map((model) => [
        model.id,
        formatMs(model.measured),
        formatMs(model.predicted),
        `${(100 * errorOf(model)).toFixed(1)} %`,
      ]),
  ]);
}

function rulesTable(evidence: readonly RuleEvidence[]): string {
  const shown = evidence.filter(({ isFused, isUncertain }) => isFused || isUncertain);
  return table([
    ['rule', 'fused', 'from', 'why', ''],
    ...shown.map(({ rule, isFused, from, why, isUncertain }) => [
      rule,
      isFused ? 'yes' : 'no',
      from,
      why,
      isUncertain ? 'uncertain' : '',
    ]),
  ]);
}

function kernelsTable(slowest: readonly MeasuredKernel[]): string {
  if (slowest.length === 0) return '<p>The runtime does not tell the times of layers.</p>';
  return table([
    ['kernel', 'shapes', 'ms', 'of'],
    ...slowest.map(({ type, shapes, ms, model }) => [type, shapes, formatMs(ms), model]),
  ]);
}

function factsTable({ manifest: { build } }: BuiltPredictor): string {
  const facts = Object.entries(build.facts).map(([fact, value]) => [fact, String(value ?? '')]);
  return table([
    ['runner', build.runner],
    ...facts,
    ['networks measured', String(build.networks)],
    ['single kernels measured', String(build.kernels)],
    ['models that could not be measured', String(build.failed)],
    ['models left out', build.leftOut.join(', ') || 'none'],
    ['measuring', `${build.measuringSeconds.toFixed(0)} s`],
    ['mean load of the machine', build.load.toFixed(2)],
  ]);
}

const WIDTH = 960;
const HEIGHT = 200;
const LEFT = 60;

/** The reference model's latency over time, and the load of the machine. */
function driftPlot(drift: readonly DriftPoint[]): string {
  const [first, last] = [drift[0], drift.at(-1)];
  if (first === undefined || last === undefined) return '<p>No reference was measured.</p>';
  const most = Math.max(...drift.map(({ factor }) => factor), 1.1);
  const x = (at: number): number =>
    LEFT + ((at - first.at) / Math.max(1, last.at - first.at)) * (WIDTH - 2 * LEFT);
  const y = (factor: number): number => HEIGHT - 20 - (factor / most) * (HEIGHT - 40);
  const points = drift.map(({ at, factor }) => `${x(at).toFixed(1)},${y(factor).toFixed(1)}`);
  const marks = drift.map(
    ({ at, factor, ms, load }) =>
      `<circle cx="${x(at).toFixed(1)}" cy="${y(factor).toFixed(1)}" r="3" fill="#4269d0"><title>${formatMs(ms)} ms, load ${load.toFixed(1)}</title></circle>`,
  );
  const minutes = ((last.at - first.at) / 60_000).toFixed(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-size="12" fill="#222">
<line x1="${LEFT}" y1="${y(1)}" x2="${WIDTH - LEFT}" y2="${y(1)}" stroke="#ddd"/><text x="4" y="${y(1) + 4}">median</text>
<polyline points="${points.join(' ')}" fill="none" stroke="#4269d0"/>${marks.join('')}
<text x="${WIDTH - LEFT}" y="${HEIGHT - 4}" text-anchor="end">${minutes} minutes</text></svg>`;
}

function section(title: string, body: string): string {
  return `<h2>${escapeHtml(title)}</h2>\n${body}`;
}

/** A table with a head. */
function table(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => {
    const isNumber = /^-?[\d.]+( %)?$/.test(text);
    return `<td${isNumber ? ' class="n"' : ''}>${escapeHtml(text)}</td>`;
  };
  return `<table>\n${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}\n</table>`;
}
