import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { CLIENT_SCRIPT, CLIENT_SCRIPT_HASH, STYLES, STYLES_HASH } from '../generated/client.ts';
import { DocumentView, type ViewedDocument } from './document-view.tsx';
import {
  ErrorPlot,
  EvaluationView,
  type PlottedEvaluation,
  ScatterPlot,
} from './evaluation-view.tsx';
import { LiveContent, type LiveView } from './live-views.tsx';
import { shown } from './page-data.ts';
import type { Viewed } from './report-view.tsx';
import type { ViewedSearch } from './search-view.tsx';

/** Reports as one HTML file that needs nothing else; without its script all is there, but cannot be sorted. */
export function reportPage(viewed: Viewed): string {
  return livePage('nn-meter report', { view: 'report', props: viewed });
}

/** A search of architectures as one HTML file. */
export function searchPage(search: ViewedSearch): string {
  return livePage(`nn-meter nas: ${search.title}`, { view: 'search', props: search });
}

/** Evaluations as one HTML file. */
export function evaluationPage(evaluations: readonly PlottedEvaluation[]): string {
  return pageOf(
    'nn-meter eval',
    <main>
      <h1>Predicted and measured latency</h1>
      {evaluations.map((each, index) => (
        <EvaluationView key={index} {...each} />
      ))}
    </main>,
  );
}

/** Sections of texts, tables and plots as one HTML file. */
export function documentPage(document: ViewedDocument): string {
  return pageOf(document.title, <DocumentView {...document} />);
}

function livePage(title: string, live: LiveView): string {
  return pageOf(title, <LiveContent {...live} />, live);
}

/** Nothing is loaded from anywhere, and only our own script and styles are taken, whatever a model brings. */
function policyOf(hasScript: boolean): string {
  return [
    "default-src 'none'",
    ...(hasScript ? [`script-src '${CLIENT_SCRIPT_HASH}'`] : []),
    `style-src '${STYLES_HASH}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** @param live what the script of the page makes live */
function pageOf(title: string, content: VNode, live?: LiveView): string {
  const data = live && JSON.stringify(live).replaceAll('<', '\\u003c');
  const scripts =
    data === undefined
      ? ''
      : `<script type="application/json" id="data">${data}</script>\n<script>${CLIENT_SCRIPT}</script>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(live !== undefined)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${renderToString(<title>{title}</title>)}
<style>${STYLES}</style>
</head>
<body>
<div id="root">${renderToString(content)}</div>
${scripts}</body>
</html>
`;
}

/** Sizes of the drawing, pixels. */
const WIDTH = 960;
const ROW_HEIGHT = 420;
const SCATTER_WIDTH = 540;

/** Evaluations as a drawing by itself, in light colours: predictions against measurements, and errors by family. */
export function evaluationSvg(evaluations: readonly PlottedEvaluation[]): string {
  return `${renderToString(
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={WIDTH}
      height={evaluations.length * ROW_HEIGHT}
      font-family="system-ui, sans-serif"
    >
      <title>Predicted and measured latency</title>
      <style>{lightStyles()}</style>
      <rect width="100%" height="100%" fill="#fff" />
      {evaluations.map(({ evaluation, families }, row) => (
        <svg key={row} y={row * ROW_HEIGHT} width={WIDTH} height={ROW_HEIGHT}>
          <title>{shown(evaluation.dataset)}</title>
          <text x="16" y="24" font-weight="bold">
            {`${evaluation.predictor} ${evaluation.version} on ${shown(evaluation.dataset)}: ${evaluation.count} models, ${(100 * evaluation.within10).toFixed(1)} % within 10 %`}
          </text>
          <svg y="40" width={SCATTER_WIDTH} height={ROW_HEIGHT - 40} aria-hidden="true">
            <ScatterPlot families={families} />
          </svg>
          <svg
            x={SCATTER_WIDTH}
            y="40"
            width={WIDTH - SCATTER_WIDTH}
            height={ROW_HEIGHT - 40}
            aria-hidden="true"
          >
            <ErrorPlot
              families={families}
              names={[...families.keys()].map((name) => shown(name))}
            />
          </svg>
        </svg>
      ))}
    </svg>,
  )}\n`;
}

/** The styles of what is drawn, with the light colours in the place of variables, which not all programs know. */
function lightStyles(): string {
  const colors = new Map<string, string>();
  for (const [, name, color] of STYLES.matchAll(/(--[a-z0-9-]+): ([^;]+);/g))
    if (!colors.has(name!)) colors.set(name!, color!);
  const rules = [
    ...STYLES.matchAll(/[^{}]*\{[^{}]*var\(--[^{}]*\}|\.(?:dots|curve)[^{}]*\{[^{}]*\}/g),
  ];
  return rules
    .map(([rule]) => rule.replace(/var\((--[a-z0-9-]+)\)/g, (_, name) => colors.get(name) ?? name))
    .filter((rule) => /^\s*(svg|\.(fill|series|dots|curve|band|equal|grid|mark|point))/.test(rule))
    .join(' ');
}
