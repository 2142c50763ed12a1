import { escapeHtml } from '@nnmeter/report';
import type { SearchResult } from './results.ts';
import type { EvaluatedCandidate } from './search.ts';

/** Points of other candidates that are drawn. */
const MOST_OTHERS = 5000;

/**
 * A search as a web page by itself: a plot whose axes can be chosen, fronts in colours, the sample of a point when it is
 * touched, and the finalists as a table that sorts by a click.
 */
export function resultsPage(
  result: SearchResult,
  candidates: readonly EvaluatedCandidate[],
): string {
  const { space, objectives, limits, evaluated, failed, finalists } = result;
  const chosen = new Set(finalists.map(({ id }) => id));
  const others = candidates.filter(({ id, values }) => values !== undefined && !chosen.has(id));
  const step = Math.max(1, Math.ceil(others.length / MOST_OTHERS));
  const data = {
    objectives,
    finalists,
    others: others
      .filter((_, index) => index % step === 0)
      .map(({ id, values }) => ({ id, values })),
  };
  const sought = objectives.map(({ name, goal }) => `${goal} ${name}`).join(', ');
  const said = [
    `${evaluated} candidates evaluated${failed > 0 ? `, ${failed} failed` : ''}`,
    sought,
    ...limits,
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(`nn-meter nas: ${space}`)}</title>
<style>${STYLE}</style>
<h1>${escapeHtml(space)}</h1>
<p>${escapeHtml(said.join('; '))}</p>
<p><label>across <select id="x"></select></label> <label>up <select id="y"></select></label></p>
<svg id="plot" viewBox="0 0 960 480" width="960" height="480" font-size="12"></svg>
<pre id="sample">Touch a point to see its sample.</pre>
<table id="finalists"></table>
<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${SCRIPT}</script>
</html>
`;
}

const STYLE = `
body { margin: 1rem auto; width: 960px; font-family: system-ui, sans-serif; color: #222 }
table { border-collapse: collapse; font-size: 13px } td, th { padding: 2px 10px; text-align: right }
th { cursor: pointer; border-bottom: 1px solid #999 } tr.chosen { background: #ffe9b8 }
pre { white-space: pre-wrap; min-height: 2.5em } circle { cursor: pointer }`;

const SCRIPT = `
const { objectives, finalists, others } = JSON.parse(document.getElementById('data').textContent);
const names = [...new Set(finalists.flatMap(({ values }) => Object.keys(values)))];
const colors = ['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#ff8ab7'];
const plot = document.getElementById('plot');
const table = document.getElementById('finalists');
const element = (name, attributes, text = '') => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};
const short = (value) => String(Number(value.toPrecision(4)));
function choose({ id, front, sample, values }) {
  document.getElementById('sample').textContent = 'candidate ' + id + ', front ' + front + ': ' +
    names.map((name) => name + ' ' + short(values[name])).join(', ') + '\\n' + JSON.stringify(sample);
  for (const row of table.rows) row.className = row.dataset.id === String(id) ? 'chosen' : '';
}
function draw() {
  const axes = ['x', 'y'].map((id) => document.getElementById(id).value);
  plot.replaceChildren();
  const all = [...others, ...finalists];
  const scales = axes.map((name, at) => {
    const values = all.map((each) => each.values[name]);
    const low = values.reduce((a, b) => Math.min(a, b));
    const span = values.reduce((a, b) => Math.max(a, b)) - low || 1;
    return {
      place: (value) => at === 0 ? 70 + 860 * (value - low) / span : 430 - 400 * (value - low) / span,
      ticks: [0, 1, 2, 3, 4].map((tick) => low + span * tick / 4),
    };
  });
  const [x, y] = scales.map(({ place }) => place);
  for (const tick of scales[0].ticks)
    plot.append(element('text', { x: x(tick), y: 452, 'text-anchor': 'middle' }, short(tick)));
  for (const tick of scales[1].ticks) {
    plot.append(element('text', { x: 62, y: y(tick) + 4, 'text-anchor': 'end' }, short(tick)));
    plot.append(element('line', { x1: 70, x2: 930, y1: y(tick), y2: y(tick), stroke: '#ddd' }));
  }
  plot.append(element('text', { x: 500, y: 474, 'text-anchor': 'middle' }, axes[0]));
  plot.append(element('text', { x: 8, y: 14 }, axes[1]));
  for (const { values } of others)
    plot.append(element('circle', { cx: x(values[axes[0]]), cy: y(values[axes[1]]), r: 2, fill: '#ccc' }));
  for (const finalist of [...finalists].reverse()) {
    const { front, values } = finalist;
    const fill = colors[(front - 1) % colors.length];
    const point = element('circle', { cx: x(values[axes[0]]), cy: y(values[axes[1]]), r: 4, fill });
    point.append(element('title', {}, 'candidate ' + finalist.id + ', front ' + front));
    point.addEventListener('pointerenter', () => choose(finalist));
    plot.append(point);
  }
}
function fill(sortedBy) {
  const head = document.createElement('tr');
  for (const name of ['front', 'id', ...names]) {
    const cell = document.createElement('th');
    cell.textContent = name;
    cell.addEventListener('click', () => fill(name));
    head.append(cell);
  }
  const valueOf = (finalist, name) => finalist.values[name] ?? finalist[name];
  const rows = [...finalists].sort((a, b) => valueOf(a, sortedBy) - valueOf(b, sortedBy)).map((finalist) => {
    const row = document.createElement('tr');
    row.dataset.id = finalist.id;
    for (const name of ['front', 'id', ...names]) row.insertCell().textContent = short(valueOf(finalist, name));
    row.addEventListener('click', () => choose(finalist));
    return row;
  });
  table.replaceChildren(head, ...rows);
}
['x', 'y'].forEach((id, at) => {
  const select = document.getElementById(id);
  for (const name of names) select.add(new Option(name, name));
  select.value = (objectives[at] ?? { name: names.find((name) => name !== objectives[0].name) }).name;
  select.addEventListener('change', draw);
});
draw();
fill('front');`;
