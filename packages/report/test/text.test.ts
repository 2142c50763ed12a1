import { expect, test } from '@jest/globals';
import {
  type Comparison,
  evaluate,
  renderComparison,
  renderEvaluation,
  renderPrediction,
  renderReport,
  renderSummary,
  renderTable,
  type SummaryRow,
} from '@nnmeter/report';
import fc from 'fast-check';
import picocolors from 'picocolors';
import { DEVICES, reportsOn, reportWithLongNames } from './reports.ts';

const colors = picocolors.createColors(false);
const LONG = `${'very_long_'.repeat(9)}name.json`;
const WIDTHS = [40, 60, 79];

const comparisons: Comparison[] = ['resnet18_1', 'resnet18_2', `${LONG}_3`, 'vgg_4'].map(
  (id, index) => ({ id, measured: 10 + index, predicted: 11, inInterval: index < 3 }),
);
const summary = (model: string): SummaryRow => ({
  model,
  results: reportsOn('squeezenet1_1'),
  hidesWarnings: model === LONG,
});

const TEXTS: Readonly<Record<string, (width: number) => string>> = {
  'one model': (width) => renderReport(reportWithLongNames(), 10, { colors, width }),
  'all its kernels': (width) =>
    renderReport(reportsOn('squeezenet1_1')[1]!, Number.POSITIVE_INFINITY, { colors, width }),
  'one model on several devices': (width) => renderComparison(summary(LONG), { colors, width }),
  'several models': (width) =>
    renderSummary(
      [LONG, 'b.json'].map((model) => {
        const row = summary(model);
        return { ...row, results: row.results.slice(0, 1) };
      }),
      DEVICES.slice(0, 1),
      { colors, width },
    ),
  'several models on several devices': (width) =>
    renderSummary([summary(LONG), summary('b.json')], DEVICES, { colors, width }),
  'an evaluation': (width) =>
    renderEvaluation(evaluate({ name: DEVICES[0]!, version: '2.0' }, 'd.jsonl', comparisons), {
      colors,
      width,
    }),
};

/** Lines of tables: what is apart by two spaces. */
const tableLines = (text: string): string[] =>
  text.split('\n').filter((line) => /\S {2,}\S/.test(line));

test.each(Object.entries(TEXTS))('%s: no table is wider than the terminal', (_, render) => {
  for (const width of WIDTHS) {
    const lines = tableLines(render(width));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  }
});

test('several models on several devices: a column each, or a row where that is too wide', () => {
  const shown = (text: string) => text.match(/\d+\.\d+(?=\s|$)/g);
  const [narrow, wide] = [60, 100].map(TEXTS['several models on several devices']!);
  expect(shown(wide!)).toHaveLength(2 * DEVICES.length);
  expect(shown(narrow!)).toEqual(shown(wide!));
  for (const device of DEVICES)
    expect(narrow!.split('\n').filter((line) => line.includes(device))).toHaveLength(2);
});

test('milliseconds of a model that is not counted to the end are a lower bound', () => {
  const row = summary('a.onnx');
  const results = row.results.map((result) => ({ ...result, complete: false, interval: null }));
  const style = { colors, width: 100 };
  for (const text of [
    renderComparison({ ...row, results }, style),
    renderSummary([row, { ...row, results }], DEVICES, style),
  ])
    expect(text.match(/over \d/g)).toHaveLength(DEVICES.length);
});

test('tables keep to the width where columns may be cut or left out', () => {
  const cell = fc.stringMatching(/^[a-z/]{1,60}$/);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 30, max: 90 }),
      (rows, width) => {
        const columns = [
          { title: 'model', least: 8 },
          { title: 'device', leaveOut: 1 },
          { title: 'nodes', least: 8 },
        ];
        const lines = renderTable(columns, rows, { colors, width }).trimEnd().split('\n');
        expect(lines).toHaveLength(rows.length + 1);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test('a report says total, interval, start-up cost, warnings, and where they begin', () => {
  const report = reportWithLongNames();
  const text = renderReport(report, 2, { colors, width: 79 });
  expect(text).toMatch(/^ {2}latency {3}\d+\.\d+ ms {2}\(\d/m);
  expect(text).toMatch(/^ {2}fixed {5}0\.397 ms in every run, in no kernel$/m);
  expect(text).toMatch(/^ {2}warning {3}never measured on this device, hence estimated: erf$/m);
  expect(text).toContain('Heaviest 2 of 6 kernels (~ is estimated');
});

test('the line that scripts look for names the device only if there are several', async () => {
  const reports = reportsOn('squeezenet1_1').slice(0, 1);
  const style = { json: false, top: 0, colored: false, width: 80 };
  const line = async (several: boolean) =>
    (await renderPrediction('a/b.onnx', 'onnx', reports, { ...style, several })).texts.join('');
  const ms = reports[0]!.latencyMs.toFixed(2);
  const start = '(nn-Meter) [RESULT] predict latency for b.onnx';
  expect(await line(false)).toBe(`${start}: ${ms} ms\n`);
  expect(await line(true)).toBe(`${start} on ${DEVICES[0]}: ${ms} ms\n`);
});
