import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BoostingProgress } from '@nnmeter/forest';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { type Anchor, readAnchors } from './anchors.ts';
import { type Benchmark, type DeviceData, readBenchmark } from './benchmark.ts';
import { calibrateInterval, coverage } from './calibrate-interval.ts';
import { DEVICES } from './devices.ts';
import { accuracyOf, formatMetrics, predictAll } from './evaluate.ts';
import { runFamilyProtocol } from './family-protocol.ts';
import { runFewShotFamilies, runFewShotSibling } from './few-shot-protocol.ts';
import { familyOf, isHeldOut } from './split.ts';
import { trainDevice } from './train-device.ts';
import { writePredictor } from './write-predictor.ts';

const ROOT = resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
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
    describe: 'leave-one-family-out protocol instead',
  })
  .option('few-shot', {
    type: 'boolean',
    default: false,
    describe: 'ten measured models of each unseen family, and of a sibling device, instead',
  })
  .option('dry-run', { type: 'boolean', default: false, describe: 'writes nothing' })
  .strict()
  .parse();

const report = (text: string): void => void process.stdout.write(`${text}\n`);
const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(79)}`);
};

const devices = DEVICES.filter(({ folder }) => args.device?.includes(folder) ?? true);
const benchmark = await readBenchmark(args.data, join(ROOT, 'predictors'), {
  every: args.every,
  devices,
  onProgress: (models) => progress(`${models} models read`),
});
report(`${benchmark.ids.length} models, data ${benchmark.hash.slice(0, 12)}`);
for (const data of benchmark.devices) {
  const anchors = existsSync(args.facts) ? await readAnchors(args.facts, data.device.name) : [];
  const run = args.families ? reportFamilies : args.fewShot ? reportFewShot : trainAndWrite;
  await run(data, benchmark, anchors);
}

async function trainAndWrite(
  data: DeviceData,
  { ids, hash }: Benchmark,
  anchors: Anchor[],
): Promise<void> {
  const { name, folder } = data.device;
  const heldOut = (model: number): boolean => isHeldOut(ids[model]!);
  const started = Date.now();
  const fitted = trainDevice(data, (model) => !heldOut(model), {
    ...(args.rounds !== undefined && { rounds: args.rounds }),
    anchors,
    onProgress: showTrees(name),
  });
  const totals = predictAll(data, fitted);
  const measuredModels = [...ids.keys()].filter((model) => data.measured[model]! > 0);
  const known = { totals, models: measuredModels.filter(heldOut) };
  // The base alone: trees change little on families they did not see.
  const unseen = {
    totals: runFamilyProtocol(data, ids, { rounds: 0, anchors }, () => {}),
    models: measuredModels,
  };
  const interval = calibrateInterval(data.measured, known, unseen);
  const weights = { ...fitted, interval };
  const accuracy = accuracyOf(data, totals, heldOut);
  report(
    `${name}: ${((Date.now() - started) / 1000).toFixed(1)} s, ${data.set.kernels.length} unique kernels`,
  );
  report(`  training  ${formatMetrics(accuracyOf(data, totals, (model) => !heldOut(model)))}`);
  report(`  held out  ${formatMetrics(accuracy)}`);
  const covered = [known, unseen].map((part) => coverage(data.measured, part, interval));
  report(
    `  interval  ${covered.map((share) => `${(100 * share).toFixed(1)} %`).join(' of held-out models and ')} of models of unseen families; ${JSON.stringify(interval)}`,
  );
  for (const family of new Set(ids.map(familyOf))) {
    const inFamily = (model: number): boolean => heldOut(model) && familyOf(ids[model]!) === family;
    report(`    ${family.padEnd(13)} ${formatMetrics(accuracyOf(data, totals, inFamily))}`);
  }
  if (args.dryRun || accuracy === undefined) return;
  const bytes = await writePredictor(join(ROOT, 'predictors', folder), weights, {
    trainedOn:
      'nn-Meter benchmark (MIT licence, Microsoft): measured CNN variants of 12 families; a tenth of them, chosen by a hash of the model id, was not trained on',
    codeVersion: codeVersion(),
    dataHash: hash,
    models: data.measured.reduce(
      (count, ms, model) => count + (ms > 0 && !heldOut(model) ? 1 : 0),
      0,
    ),
    date: new Date().toISOString().slice(0, 10),
    heldOut: accuracy,
  });
  report(`  wrote predictors/${folder}/weights.bin, ${bytes} bytes`);
}

async function reportFamilies(
  data: DeviceData,
  { ids }: Benchmark,
  anchors: Anchor[],
): Promise<void> {
  report(`${data.device.name}: each family predicted by a model that saw only the others`);
  runFamilyProtocol(
    data,
    ids,
    { ...(args.rounds !== undefined && { rounds: args.rounds }), anchors },
    (family, metrics) => report(`    ${family.padEnd(13)} ${formatMetrics(metrics)}`),
  );
}

async function reportFewShot(
  data: DeviceData,
  { ids, devices: all }: Benchmark,
  anchors: Anchor[],
): Promise<void> {
  report(`${data.device.name}: unseen families, before and after measuring ten of their models`);
  const options = { rounds: args.rounds ?? 0, anchors };
  runFewShotFamilies(data, ids, options, (family, { before, after }) => {
    report(`    ${family.padEnd(13)} ${formatMetrics(before)}`);
    report(`    ${''.padEnd(13)} ${formatMetrics(after)}`);
  });
  for (const sibling of all) {
    if (sibling === data || sibling.device.family !== data.device.family) continue;
    const { before, after } = runFewShotSibling(
      sibling,
      trainDevice(data, () => true, options),
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
