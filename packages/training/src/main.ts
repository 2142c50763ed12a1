import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isHeldOut } from '@nnmeter/dataset';
import type { BoostingProgress } from '@nnmeter/forest';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { readAnchors } from './anchors.ts';
import { type DeviceData, readBenchmark } from './benchmark.ts';
import { breakdownOf } from './breakdown.ts';
import { DEVICES } from './devices.ts';
import { accuracyOf, formatMetrics, predictAll } from './evaluate.ts';
import { accuracyByFamily, leaveFamiliesOut, type Train } from './family-protocol.ts';
import { runFewShot } from './few-shot-protocol.ts';
import { trainAndRecord } from './protocols.ts';
import { trainDevice } from './train-device.ts';
import { writeAtomically, writePredictor } from './write-predictor.ts';

const ROOT = resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');
const PREDICTORS = join(ROOT, 'predictors');
const BREAKDOWN_TITLE = `# Breakdown by kernel type

Written by \`npm run train -- --breakdown\`. "Totals alone": terms fitted to whole networks only, as the data would have it;
"shipped": with a physical floor for every kernel, single measured ops as anchors, and the tree correction.
The single ops are part of the training, with the weight of three networks each, the squeeze-and-excite block of thirty:
that they match is a fit, not a test.

`;
const TRAINED_ON =
  'nn-Meter benchmark (MIT licence, Microsoft): measured CNN variants of 12 families; a tenth of them, chosen by a hash of the model id, was not trained on';
const SHARED = process.env.NNMETER_SHARED ?? join(ROOT, '../shared');

const args = await yargs(hideBin(process.argv))
  .usage('$0: trains the latency models of the four device plugins and records their accuracy')
  .option('data', {
    type: 'string',
    default: join(SHARED, 'bench'),
    describe: 'folder of *.jsonl.gz',
  })
  .option('facts', {
    type: 'string',
    default: join(SHARED, 'facts/fusion_rules.json'),
    describe: 'single-op latencies that anchor the breakdown',
  })
  .option('device', { type: 'string', array: true, describe: 'plugin folders; default: all' })
  .option('rounds', {
    type: 'number',
    describe: 'trees of the correction; 0: base only',
  })
  .option('every', { type: 'number', default: 1, describe: 'only every n-th model, for trials' })
  .option('families', {
    type: 'boolean',
    default: false,
    describe: 'only the protocol of unseen families; writes nothing',
  })
  .option('few-shot', {
    type: 'boolean',
    default: false,
    describe: 'the same, then with ten measured models of each family, and of a sibling device',
  })
  .option('split', {
    type: 'boolean',
    default: false,
    describe: 'only the protocol of the random split; writes nothing',
  })
  .option('breakdown', {
    type: 'boolean',
    default: false,
    describe: 'writes docs/breakdown.md: known networks by kernel type, and single measured ops',
  })
  .option('dry-run', { type: 'boolean', default: false, describe: 'writes nothing' })
  .strict()
  .parse();

const report = (text: string): void => void process.stdout.write(`${text}\n`);
const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(79)}`);
};

const devices = DEVICES.filter(({ folder }) => args.device?.includes(folder) ?? true);
const benchmark = await readBenchmark(args.data, PREDICTORS, {
  every: args.every,
  devices,
  onProgress: (models) => progress(`${models} models read`),
});
report(`${benchmark.ids.length} models, data ${benchmark.hash.slice(0, 12)}`);
const breakdowns: string[] = [];
for (const data of benchmark.devices) {
  const anchors = existsSync(args.facts) ? await readAnchors(args.facts, data.device.name) : [];
  const train: Train = (isTraining) =>
    trainDevice(data, isTraining, {
      ...(args.rounds !== undefined && { rounds: args.rounds }),
      anchors,
      onProgress: showTrees(data.device.name),
    });
  report(data.device.name);
  if (args.split) reportSplit(data, train);
  else if (args.families || args.fewShot) reportFamilies(data, train);
  else if (args.breakdown)
    breakdowns.push(await breakdownOf(data, benchmark.ids, anchors, PREDICTORS));
  else await trainAndWrite(data, train);
}
if (breakdowns.length > 0)
  await writeAtomically(
    join(ROOT, 'docs/breakdown.md'),
    `${BREAKDOWN_TITLE}${breakdowns.join('\n\n')}\n`,
  );

async function trainAndWrite(data: DeviceData, train: Train): Promise<void> {
  const { folder } = data.device;
  const { weights, training, heldOut, record } = trainAndRecord(data, benchmark, train, (step) =>
    report(`  ${step}`),
  );
  report(`  training  ${formatMetrics(training)}`);
  report(`  held out  ${formatMetrics(heldOut)}`);
  for (const [family, metrics] of Object.entries(record.unseenFamilies)) {
    report(`  unseen ${family.padEnd(13)} ${formatMetrics(metrics)}`);
    report(`    ten measured       ${formatMetrics(record.fewShot[family])}`);
  }
  report(
    `  interval  ${JSON.stringify(weights.interval)} ${JSON.stringify(record.intervalCoverage)}`,
  );
  if (args.dryRun) return;
  const bytes = await writePredictor(join(ROOT, 'predictors', folder), weights, {
    trainedOn: TRAINED_ON,
    codeVersion: codeVersion(),
    dataHash: benchmark.hash,
    models: training.count,
    date: new Date().toISOString().slice(0, 10),
    heldOut,
    protocols: record,
  });
  report(`  wrote predictors/${folder}/weights.bin, ${bytes} bytes`);
}

function reportSplit(data: DeviceData, train: Train): void {
  const heldOut = (model: number): boolean => isHeldOut(benchmark.ids[model]!);
  const totals = predictAll(
    data,
    train((model) => !heldOut(model)),
  );
  report(`  held out       ${formatMetrics(accuracyOf(data, totals, heldOut))}`);
  const families = accuracyByFamily(data, benchmark.ids, totals, heldOut);
  for (const [family, metrics] of Object.entries(families))
    report(`    ${family.padEnd(13)} ${formatMetrics(metrics)}`);
}

function reportFamilies(data: DeviceData, train: Train): void {
  const { ids, devices: all } = benchmark;
  for (const { family, models, weights, accuracy } of leaveFamiliesOut(data, ids, train)) {
    report(`    ${family.padEnd(13)} ${formatMetrics(accuracy)}`);
    if (!args.fewShot) continue;
    const { after } = runFewShot(data, ids, weights, models);
    report(`      ten measured  ${formatMetrics(after)}`);
  }
  if (!args.fewShot) return;
  for (const sibling of all) {
    if (sibling === data || sibling.device.family !== data.device.family) continue;
    const { before, after } = runFewShot(
      sibling,
      ids,
      train((model) => !isHeldOut(ids[model]!)),
    );
    report(`  on ${sibling.device.name}, before and after measuring ten models there`);
    report(`    ${formatMetrics(before)}\n    ${formatMetrics(after)}`);
  }
}

function showTrees(name: string): (state: BoostingProgress) => void {
  return ({ round, rounds, remaining }) =>
    progress(`${name}: tree ${round} of ${rounds}, ${remaining.toFixed(0)} s to go`);
}

/** Commit the trainer ran at. */
function codeVersion(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8',
  }).trim();
}
