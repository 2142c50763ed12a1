// Writes docs/nas.md: what the search package does, measured on this machine. Needs the tables of ../shared/nas (or NNMETER_SHARED);
// --spos FILE compares with NNI's own model of the published network, which export-spos.py writes as ONNX.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { graphCost } from '@nnmeter/ir';
import { descriptionKey } from '@nnmeter/latency-model';
import {
  compileSpace,
  hypervolume,
  latencyFilter,
  nsga2,
  paretoFronts,
  randomSearch,
  regularizedEvolution,
  search,
  searchFronts,
  spaceNamed,
  spaces,
  strategyNamed,
  TableScorer,
} from '@nnmeter/nas';
import { nasBench201Evaluator, nasBench201String, readNasBench201 } from '@nnmeter/nas/node';
import { loadLatencyPredictor, modelFileToGraph } from '@nnmeter/predictor';
import { serveLoad } from '../../bench/dist/serve-load.js';
import { serveRates } from '../../bench/dist/serve-rates.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHARED = join(process.env.NNMETER_SHARED ?? join(ROOT, '../shared'), 'nas');
const NAMES = ['cortexA76', 'adreno640', 'adreno630', 'myriadVPU'];
const SEEDS = 20;
const [, , option, sposFile] = process.argv;

const devices = await Promise.all(NAMES.map((name) => loadLatencyPredictor(name)));
const row = (cells) => `| ${cells.join(' | ')} |\n`;
const head = (cells) =>
  `${row(cells)}|${cells.map((_, at) => (at === 0 ? '---' : '--:')).join('|')}|\n`;
const load = () => loadavg()[0].toFixed(1);
const cpuSeconds = (from) => (process.cpuUsage(from).user + process.cpuUsage(from).system) / 1e6;

// 1. The published SPOS network.
const PUBLISHED = 'k7 k5 k3 k5 k7 k3 k7 k3 k7 k3 k7 xcep k3 k3 k3 k3 xcep k7 xcep xcep'.split(' ');
const spos = spaceNamed('spos');
const published = spos.build(
  Object.fromEntries(PUBLISHED.map((name, at) => [`layer_${at + 1}`, name])),
);
const reports = devices.map((device) => device.predictGraph(published));
const comparison =
  option === '--spos' ? compareKernels(await modelFileToGraph(sposFile)) : undefined;

function compareKernels(exported) {
  return devices.map((device) => {
    const kernelsOf = (graph) => {
      const descriptions = device.describeKernels(graph);
      return device.predictGraph(graph).kernels.map(({ type, latencyMs }, index) => ({
        type,
        latencyMs,
        key: `${type} ${descriptionKey(descriptions[index])}`,
      }));
    };
    const without = (kernels, others) => {
      const left = new Map();
      for (const { key } of others) left.set(key, (left.get(key) ?? 0) + 1);
      return kernels.filter(({ key }) => {
        const count = left.get(key) ?? 0;
        left.set(key, count - 1);
        return count <= 0;
      });
    };
    const summary = (kernels) => {
      const types = new Map();
      for (const { type } of kernels) types.set(type, (types.get(type) ?? 0) + 1);
      const ms = kernels.reduce((sum, { latencyMs }) => sum + latencyMs, 0);
      const counts = [...types].map(([type, count]) => `${count} ${type}`).join(', ');
      return kernels.length === 0 ? 'none' : `${counts}: ${ms.toFixed(2)} ms`;
    };
    const [ours, theirs] = [kernelsOf(published), kernelsOf(exported)];
    const onlyOurs = without(ours, theirs);
    const same = ours.length - onlyOurs.length;
    return row([device.name, same, summary(onlyOurs), summary(without(theirs, ours))]);
  });
}

const TELLS_SECONDS = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  console.error('processor seconds: ' + (user + system) / 1e6);
})`)}`;

/** Runs nn-meter, and says what it took. */
function timed(words) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', TELLS_SECONDS, join(ROOT, 'packages/cli/bin/nn-meter.js'), ...words],
    { encoding: 'utf8' },
  );
  const clock = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`${words.join(' ')} failed: ${stderr}`);
  const processor = Number(/^processor seconds: (.*)$/m.exec(stderr)[1]);
  return { stdout, stderr, took: [processor.toFixed(1), `${clock.toFixed(1)} (${load()})`] };
}

// 2. and 3. Tables.
const tables = [];
const folder = mkdtempSync(join(tmpdir(), 'nas-tables-'));
const scorers = new Map();
for (const space of spaces) {
  const { name } = space;
  const output = join(folder, `${name}.json`);
  const { stderr, took } = timed(['nas', 'table', name, '--predictor', 'all', '--output', output]);
  const [, networks] = /from ([\d,]+) networks/.exec(stderr);
  const table = await compileSpace(space, devices, { candidates: 1000 });
  const entries = table.terms.reduce((sum, { macs }) => sum + macs.length, 0);
  scorers.set(name, new TableScorer(table));
  tables.push(
    row([
      name,
      Number(space.choices.size()).toPrecision(2),
      entries,
      networks,
      ...took,
      Math.max(...table.check.maxRelativeError).toExponential(1),
    ]),
  );
  console.error(name, 'done');
}
rmSync(folder, { recursive: true });
const scorer = scorers.get('spos');
const { choices } = scorer;
const figures = new Float64Array(scorer.layout.width);
const COUNT = 1_000_000;
const began = process.cpuUsage();
const genome = new Uint8Array(choices.labels.length);
let state = 1;
for (let index = 0; index < COUNT; index++) {
  for (let label = 0; label < genome.length; label++) {
    state = Math.imul(state, 1664525) + 1013904223;
    genome[label] = ((state >>> 16) * choices.values[label].length) >>> 16;
  }
  scorer.row(genome, figures);
}
const rate = COUNT / cpuSeconds(began);

// 4. NAS-Bench-201.
const accuracies = await readNasBench201(join(SHARED, 'nb201-accuracy.csv.gz'));
const latencies = await readNasBench201(join(SHARED, 'nb201-latency.csv.gz'));
const cells = spaceNamed('nasbench201').choices;
const order = Array.from({ length: 15_625 }, (_, entry) => {
  const positions = cells.labels.map((_, at) => Math.floor(entry / 5 ** (5 - at)) % 5);
  return nasBench201String(cells.decode(Uint8Array.from(positions)));
});
const column = (table, name) =>
  order.map((arch) => table.rows.get(arch)[table.columns.indexOf(name)]);
const MEASURED = ['pixel3', 'raspi4', 'eyeriss', 'fpga', 'gold_6226', 'titan_rtx_1'];
const zeros = order.map(() => 0);
const measuredTable = {
  ...scorers.get('nasbench201').table,
  devices: MEASURED.map((name) => ({
    name,
    aliases: [],
    version: '1',
    product: name,
    interval: null,
  })),
  base: {
    ms: MEASURED.map(() => 0),
    kernels: MEASURED.map(() => 0),
    novelMs: MEASURED.map(() => 0),
    estimatedMs: MEASURED.map(() => 0),
    macs: 0,
    parameters: 0,
    activationBytes: 0,
  },
  terms: [
    {
      labels: cells.labels,
      ms: MEASURED.map((name) => column(latencies, name)),
      kernels: MEASURED.map(() => zeros),
      novelMs: MEASURED.map(() => zeros),
      estimatedMs: MEASURED.map(() => zeros),
      macs: zeros,
      parameters: zeros,
      activationBytes: zeros,
    },
  ],
};
const measured = new TableScorer(measuredTable);
const evaluator = nasBench201Evaluator(accuracies);
const ACCURACY = 'cifar100_test';
const accuracy = column(accuracies, ACCURACY);
const quantile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
};
const STEPS = [100, 500, 1000];
const bench = [];
for (const name of MEASURED) {
  const ms = column(latencies, name);
  const reference = [quantile(ms, 0.99), -quantile(accuracy, 0.1)];
  const all = ms.map((value, at) => [value, -accuracy[at]]);
  const truth = hypervolume(all, reference);
  const objectives = [
    { name, goal: 'minimize' },
    { name: ACCURACY, goal: 'maximize' },
  ];
  const results = [];
  for (const strategy of [randomSearch, nsga2(), strategyNamed('local')]) {
    const shares = STEPS.map(() => 0);
    for (let seed = 0; seed < SEEDS; seed++) {
      const found = await search({
        scorer: measured,
        objectives,
        filters: [],
        strategy,
        seed,
        evaluations: 1000,
        evaluator,
      });
      STEPS.forEach((count, at) => {
        const points = found.slice(0, count).map(({ values }) => [values[name], -values[ACCURACY]]);
        shares[at] += hypervolume(points, reference) / truth / SEEDS;
      });
    }
    results.push(shares.map((share) => share.toFixed(3)).join(' '));
  }
  bench.push(row([`${name} (${paretoFronts(all, (point) => point, 1)[0].length})`, ...results]));
  console.error(name, 'done');
}
const regrets = [];
for (const [name, limit] of [
  ['pixel3', 3.27],
  ['pixel3', 6.44],
  ['pixel3', 10.68],
  ['raspi4', 5.378],
  ['raspi4', 15.72],
  ['raspi4', 25.68],
]) {
  const ms = column(latencies, name);
  const best = Math.max(...accuracy.filter((_, at) => ms[at] <= limit));
  const share = ms.filter((value) => value <= limit).length / ms.length;
  const results = [];
  for (const strategy of [randomSearch, regularizedEvolution(), strategyNamed('local')]) {
    for (const evaluations of [50, 200]) {
      let regret = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const found = await search({
          ...{ scorer: measured, strategy, seed, evaluations, evaluator },
          objectives: [{ name: ACCURACY, goal: 'maximize' }],
          filters: [latencyFilter(measured, { device: name, maxMs: limit })],
        });
        regret += (best - Math.max(...found.map(({ values }) => values[ACCURACY]))) / SEEDS;
      }
      results.push(regret.toFixed(2));
    }
  }
  regrets.push(row([`${name} at most ${limit} ms (${(100 * share).toFixed(0)} %)`, ...results]));
}

// Searched by prediction, scored by measurement.
const predicted = scorers.get('nasbench201');
const phone = predicted.devices[0].name;
const pixel = column(latencies, 'pixel3');
const pixelReference = [quantile(pixel, 0.99), -quantile(accuracy, 0.1)];
const pixelTruth = hypervolume(
  pixel.map((value, at) => [value, -accuracy[at]]),
  pixelReference,
);
const place = new Map(order.map((arch, at) => [arch, at]));
const transfer = [];
for (const evaluations of [500, 1000]) {
  const objectives = [
    { name: phone, goal: 'minimize' },
    { name: ACCURACY, goal: 'maximize' },
  ];
  const shares = { all: 0, 1: 0, 2: 0, 4: 0 };
  const sizes = { 1: 0, 2: 0, 4: 0 };
  for (let seed = 0; seed < SEEDS; seed++) {
    const found = await search({
      scorer: predicted,
      objectives,
      filters: [],
      strategy: nsga2(),
      seed,
      evaluations,
      evaluator,
    });
    const share = (candidates) =>
      hypervolume(
        candidates.map(({ sample }) => {
          const at = place.get(nasBench201String(sample));
          return [pixel[at], -accuracy[at]];
        }),
        pixelReference,
      ) /
      pixelTruth /
      SEEDS;
    shares.all += share(found);
    for (const count of [1, 2, 4]) {
      const members = searchFronts(found, objectives, count).flat();
      shares[count] += share(members);
      sizes[count] += members.length / SEEDS;
    }
  }
  transfer.push(
    row([
      evaluations,
      shares.all.toFixed(3),
      ...[1, 2, 4].map((count) => `${shares[count].toFixed(3)} (${Math.round(sizes[count])})`),
    ]),
  );
}

// 5. Interruptions.
const KILLS = 20;
const { status: isInterrupted } = spawnSync(
  'npm',
  ['run', '--silent', 'jest', '--', 'packages/nas/test/resume'],
  { cwd: ROOT, env: { ...process.env, NNMETER_KILLS: String(KILLS) }, stdio: 'ignore' },
);
if (isInterrupted !== 0) throw new Error('a search that was killed came to another front');
console.error('killed', KILLS, 'times');

// 6. The demonstration.
const demos = [[], ['--input-shape', '1,3,32,32']].map((more) => {
  const limit = more.length === 0 ? '52' : '5';
  const words = [
    'nas',
    'search',
    'spos',
    '--limit',
    `cortexA76=${limit}`,
    '--minimize',
    'adreno640',
    ...more,
  ];
  const { stdout, took } = timed(words);
  return row([`\`nn-meter ${words.join(' ')}\``, ...took, stdout.trim().split('\n').at(-1)]);
});

// 7. Serving.
const columns = (rows) => {
  const names = Object.keys(rows[0]);
  return head(names) + rows.map((each) => row(names.map((name) => each[name]))).join('');
};
const rates = await serveRates(10_000, 200_000);
const ratesLoad = load();
const [served, hostile] = await serveLoad(64, 10_000);
const servedLoad = load();

const { macs } = graphCost(published);
const text = `# Hardware-aware search: what was measured

Written by \`node scripts/nas/write-doc.mjs --spos FILE\` on ${cpus()[0].model.trim()}, ${cpus().length} cores that other work
shared, so that seconds are of processor time; where they are of the clock, the load average is in brackets. How to search: [packages/nas](../packages/nas/README.md). Tables: [latency-table.md](latency-table.md).

## The published SPOS network

${macs.toLocaleString('en')} MACs. ${spos.choices.size()} samples; with channels ${spaceNamed('spos-channels').choices.size()}.

${head(['device', 'ms', 'interval'])}${reports
  .map(({ predictor, latencyMs, interval }) =>
    row([
      predictor,
      latencyMs.toFixed(2),
      `${interval.low.toFixed(1)} to ${interval.high.toFixed(1)}`,
    ]),
  )
  .join('')}
${
  comparison === undefined
    ? ''
    : `Kernels of our network, and of NNI's own model exported by PyTorch (scripts/nas/export-spos.py), that are the same in everything that a
prediction looks at, and what is left over. Before each block of stride 1 NNI shuffles channels by two reshapes, a transposition and two
selections; ours is the shuffle that was measured as one block, and a split. No other kernel differs, and how a network is exported
is worth so many milliseconds.

${head(['device', 'the same', 'only ours', "only in NNI's export"])}${comparison.join('')}`
}
## Tables

Entries, networks built, and what \`nn-meter nas table SPACE --output FILE\` takes by processor and clock, load in brackets: for four devices, MACs, parameters
and activations, checked on 200 candidates; the greatest relative error on 1,000 random candidates against predictions of whole graphs.

${head(['space', 'samples', 'entries', 'networks', 's', 'by the clock', 'error'])}${tables.join('')}
A candidate of spos on four devices, with all that its figures and intervals need: ${(Math.round(rate / 1000) * 1000).toLocaleString('en')} a second on one thread, drawing included.

## NAS-Bench-201: true accuracy, measured latency

CIFAR-100 test accuracy against latency as measured; hypervolume as a share of that of the true front, whose size is in brackets; reference point: the 10th
percentile of accuracy and the 99th of latency; mean of ${SEEDS} seeds after ${STEPS.join(' / ')} evaluations.

${head(['device', 'random', 'NSGA-II', 'local'])}${bench.join('')}
One limit, which the filter keeps: points of accuracy below the best under it, mean of ${SEEDS} seeds, after 50 and 200 evaluations. The share of the
space that passes is in brackets.

${head(['limit', 'random 50', '200', 'evolution 50', '200', 'local 50', '200'])}${regrets.join('')}
With 50 evaluations evolution has not begun (its population is 50). Under loose limits nothing that has 200 evaluations comes near the best.

Searched by the *prediction* for ${phone}, scored by the *measurement* on a Pixel 3, NSGA-II: hypervolume of everything evaluated, and of the first
fronts that the search reports (their members in brackets). The best by prediction are not all of the best: report several fronts, and measure
them again.

${head(['evaluations', 'everything', 'one front', 'two', 'four'])}${transfer.join('')}
## The demonstration

The table included, which is built anew.

${head(['command', 's', 'by the clock', ''])}${demos.join('')}
## Serving

\`nn-meter serve\` on stdin and stdout, one client and one thread, by the clock (load ${ratesLoad}):

${columns(rates)}
The same by HTTP (load ${servedLoad}): MobileNetV2 as the bytes of an ONNX file, one request in a hundred hostile, and what those were answered.
\`node bench/dist/serve.js\`.

${columns([served])}
${columns([hostile])}
## Interruptions

A search with a slow evaluator was ended by \`kill -9\` at ${KILLS} random points and resumed: the same front and the same evaluations as of one that
nobody disturbed. \`NNMETER_KILLS=${KILLS} npm run jest -- packages/nas/test/resume\`.
`;
writeFileSync(join(ROOT, 'docs/nas.md'), text);
console.error('wrote docs/nas.md', existsSync(dirname(SHARED)));
