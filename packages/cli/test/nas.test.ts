import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Finalist, LatencyTable, SearchResult } from '@nnmeter/nas';
import { modelFileToGraph } from '@nnmeter/predictor';
import { folderWith, nnMeter, type Prediction, parseAs, parseOutput } from './run.ts';

/** A space as a user writes it, without a package to import. */
const SPACE = `export default {
  name: 'mine',
  input: [1, 3, 16, 16],
  choices: { first: [3, 5, 7], depth: [1, 2], second: { values: [3, 5], when: { depth: [2] } } },
  build({ first, depth, second }, builder, input) {
    let x = builder.relu(builder.conv(builder.input('x', input), 16, { kernel: first, padding: 'same' }));
    if (depth === 2) x = builder.relu(builder.conv(x, 16, { kernel: second, padding: 'same' }));
    return builder.build(builder.fc(builder.flatten(builder.gap(x)), 10));
  },
};
`;
const folder = folderWith({
  'space.js': SPACE,
  'broken.js': 'export default {',
  'empty.js': 'export const a = 1;',
  'circle.js': SPACE.replace('depth: [1, 2]', 'depth: { values: [1, 2], when: { second: [3] } }'),
  'table.json': '{}',
});
/** What a search prints; the finalists have reports, which those of a journal lack. */
interface FullResult extends SearchResult {
  readonly finalists: readonly (Finalist & { readonly reports: readonly Prediction[] })[];
}

const SEARCH = ['nas', 'search', './space.js', '--predictor', 'cortexA76'];

test.each([
  [['nas'], /not enough non-option arguments|need/],
  [['nas', 'serch'], /invalid values/],
  [['nas', 'table'], /name a space: spos, /],
  [['nas', 'table', 'sposs'], /no space "sposs"; there are spos, .*\.\/my-space\.js/],
  [['nas', 'table', 'missing.js'], /cannot open "?missing\.js/],
  [['nas', 'table', 'broken.js'], /"broken\.js" does not load/],
  [['nas', 'table', 'empty.js'], /"empty\.js" exports no space by default/],
  [['nas', 'table', 'circle.js'], /in a circle: "depth" depends on "second" depends on "depth"/],
  [['nas', 'table', 'spos', 'fbnet'], /"fbnet" is one space too many/],
  [
    ['nas', 'table', 'spos', '--input-shape', '1,3,a'],
    /--input-shape SHAPE: "1,3,a" is not a shape/,
  ],
  [[...SEARCH, '--limit', 'cortexA76'], /--limit cortexA76 is no limit; write cortexA76=52/],
  [[...SEARCH, '--limit', 'cortexA76=x'], /is no limit/],
  [[...SEARCH, '--limit', 'adreno640=5'], /no device "adreno640"; it has cortexA76cpu_tflite21/],
  [
    [...SEARCH, '--limit', 'cortexA76=1e-9'],
    /no candidate of space mine passes: .*limits are in ms; the fastest/,
  ],
  [[...SEARCH, '--maximize', 'accuracy'], /nobody knows the objective "accuracy"/],
  [[...SEARCH, '--evaluator', 'true'], /say what is sought .*--maximize accuracy/],
  [[...SEARCH, '--strategy', 'luck'], /no strategy "luck"; there are random, grid/],
  [[...SEARCH, '--evaluations', '0'], /--evaluations needs a whole number/],
  [[...SEARCH, '--threads', '0'], /--threads needs a whole number from 1 to 64/],
  [[...SEARCH, '--resume'], /--resume needs the journal/],
  [[...SEARCH, '--table', 'table.json'], /no latency table/],
  [['nas', 'front'], /needs the journal of one search/],
  [['nas', 'front', 'space.js'], /line 1 is no JSON object/],
])('%j is one line of explanation and exit code 1', async (args, message) => {
  const { code, stdout, stderr } = await nnMeter(args, folder);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^(nn-meter: (table|note|cortex).*\n)*nn-meter: error: [^\n]+\n$/);
  expect(stderr).toMatch(message);
});

test('spaces are listed, with how many samples they have', async () => {
  const [list, json] = [
    await nnMeter(['nas', 'spaces']),
    await nnMeter(['nas', 'spaces', '--json']),
  ];
  expect(list.stdout).toMatch(/nasbench201 +15625 +6 /);
  const listed = parseOutput<{ name: string }>('spaces', json.stdout);
  const spos = listed.find(({ name }) => name === 'spos');
  expect(spos).toMatchObject({ size: String(4 ** 20), input: [1, 3, 224, 224] });
});

test('from a space of one file to a table, fronts, networks and back from the journal', async () => {
  const at = folderWith({ 'space.js': SPACE });
  const written = await nnMeter(['nas', 'table', 'space.js', '-o', 'table.json'], at);
  expect(written.code).toBe(0);
  const printed = await nnMeter(['nas', 'table', 'space.js', '--threads', '1', '--json'], at);
  const table = parseAs<LatencyTable>('latency-table', printed.stdout);
  expect(table).toEqual(JSON.parse(readFileSync(join(at, 'table.json'), 'utf8')));
  const words = ['--table', 'table.json', '--predictor', 'cortexA76', '--minimize', 'cortexA76'];
  const outputs = ['--html', 'page.html', '--csv', 'fronts.csv', '--onnx', 'nets'];
  const found = await nnMeter(
    ['nas', 'search', 'space.js', ...words, ...outputs, '--journal', 'journal.jsonl', '--json'],
    at,
  );
  expect(found.stderr).toMatch(/"proxy" grows with MACs and parameters/);
  const result = parseAs<FullResult>('search', found.stdout);
  // Three kernels alone, or with one of two.
  expect(result.evaluated).toBe(9);
  const best = result.finalists[0]!;
  expect(best).toMatchObject({ front: 1, sample: { first: 3, depth: 1 } });
  const [report] = best.reports;
  expect(report!.latencyMs / best.values.cortexA76cpu_tflite21!).toBeCloseTo(1, 12);
  expect(readdirSync(join(at, 'nets'))).toHaveLength(result.finalists.length);
  const network = await modelFileToGraph(join(at, 'nets', `mine-${best.id}.onnx`));
  expect(network.nodes.map(({ op }) => op)).toContain('conv');
  expect(readFileSync(join(at, 'fronts.csv'), 'utf8')).toMatch(
    /^front,id,cortexA76cpu_tflite21,.*,first,depth/,
  );
  expect(readFileSync(join(at, 'page.html'), 'utf8')).toContain('<svg');
  expect(existsSync(join(at, 'journal.jsonl.lock'))).toBe(false);
  const front = await nnMeter(['nas', 'front', 'journal.jsonl', '--json'], at);
  expect(parseAs<SearchResult>('search', front.stdout).frontSizes).toEqual(result.frontSizes);
  const other = await nnMeter(['nas', 'search', 'spos', ...words], at);
  expect(other.stderr).toMatch(/"table\.json" is the table of another space/);
});
