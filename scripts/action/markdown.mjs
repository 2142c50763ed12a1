// The comment of the GitHub Action: predictions of a pull request beside those of its base branch. Needs no package.

/** Begins the comment, so that the next run finds it. */
export const MARKER = '<!-- nn-meter -->';

/** GitHub takes 65,536 characters; a row of the longest names has 400. */
const MAX_ROWS = 100;
const MAX_NAME = 80;
const MAX_NOTES = 4000;

/**
 * @param {readonly object[]} head what `predict --json` printed of the pull request
 * @param {readonly object[] | undefined} base the same of its base branch, if there is one
 * @param {string} notes what nn-meter said on stderr
 * @returns {string} Markdown in which names, whatever they are, are text
 */
export function renderComment(head, base, notes) {
  const before = new Map((base ?? []).map((prediction) => [keyOf(prediction), prediction]));
  const rows = head.map((prediction) => ({
    prediction,
    former: before.get(keyOf(prediction)),
  }));
  const kept = new Set(head.map(keyOf));
  const gone = [...before.values()].filter((prediction) => !kept.has(keyOf(prediction)));
  const shown = base === undefined ? rows : rows.toSorted((a, b) => change(b) - change(a));
  const lines = [
    MARKER,
    '### Predicted latency and memory',
    '',
    '| model | device | ms | weights + activations | parameters | MACs |',
    '| --- | --- | --: | --: | --: | --: |',
    ...shown.slice(0, MAX_ROWS).map((row) => renderRow(row, base !== undefined)),
  ];
  if (shown.length > MAX_ROWS)
    lines.push('', `${shown.length - MAX_ROWS} rows of the least change are not shown.`);
  if (gone.length > 0) {
    const names = [...new Set(gone.map(({ model }) => code(model)))].slice(0, MAX_ROWS);
    lines.push('', `Only on the base branch: ${names.join(', ')}`);
  }
  if (base === undefined) lines.push('', 'There is nothing to compare with on the base branch.');
  if (notes.trim() !== '') lines.push('', `<pre>${text(notes.trim().slice(0, MAX_NOTES))}</pre>`);
  return `${lines.join('\n')}\n`;
}

function keyOf({ model, predictor = '' }) {
  return JSON.stringify([model, predictor]);
}

/** By what share the latency changed, new models and failures first. */
function change({ prediction, former }) {
  if (prediction.error !== undefined || former?.latencyMs === undefined) return Infinity;
  return former.latencyMs > 0 ? Math.abs(prediction.latencyMs / former.latencyMs - 1) : 0;
}

function renderRow({ prediction, former }, isCompared) {
  const { model, predictor, error } = prediction;
  if (error !== undefined) return `| ${code(model)} | | failed: ${code(error.code)} | | | |`;
  const isNew = isCompared && former?.latencyMs === undefined;
  const figures = FIGURES.map(({ of, format }) => {
    const now = of(prediction);
    return format(now) + (isCompared && !isNew ? difference(now, of(former)) : '');
  });
  if (!prediction.complete) figures[0] = `over ${figures[0]}`;
  return `| ${code(model)}${isNew ? ' (new)' : ''} | ${code(predictor)} | ${figures.join(' | ')} |`;
}

const FIGURES = [
  { of: ({ latencyMs }) => latencyMs, format: (ms) => ms.toPrecision(4) },
  {
    of: ({ size }) => size.weightBytes + size.activationBytes,
    format: (bytes) => `${mega(bytes)} MB`,
  },
  { of: ({ size }) => size.parameters, format: (count) => `${mega(count)} M` },
  { of: ({ size }) => size.macs, format: (count) => `${mega(count)} M` },
];

function mega(number) {
  return (number / 1e6).toPrecision(4);
}

function difference(now, before) {
  if (now === before) return '';
  if (before === 0) return ' (was 0)';
  const percent = 100 * (now / before - 1);
  return ` (${percent < 0 ? '' : '+'}${percent.toFixed(Math.abs(percent) < 10 ? 2 : 0)} %)`;
}

/** A name as text: no markup, no cell of a table, no mention of a user, no line of its own. */
function code(name) {
  const shown =
    name.length <= MAX_NAME ? name : `${name.slice(0, 20)}…${name.slice(21 - MAX_NAME)}`;
  return `<code>${text(shown.replaceAll(/\s/g, ' '))}</code>`;
}

function text(raw) {
  const printable = raw.replaceAll(/[^\P{Cc}\n]|\p{Cf}/gu, '?');
  return printable.replaceAll(
    /[^\p{L}\p{N} \n.…_/-]/gu,
    (character) => `&#${character.codePointAt(0)};`,
  );
}
