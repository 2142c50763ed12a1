import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { isHeldOut } from '@nnmeter/dataset';
import { writeWhole } from '@nnmeter/files';
import type { BoostingProgress } from '@nnmeter/forest';
import type { TrainArguments } from './arguments.ts';
import { breakdownOf } from './breakdown.ts';
import { type DeviceFolder, readDevices } from './device.ts';
import { accuracyOf, formatMetrics, predictAll } from './evaluate.ts';
import { accuracyByFamily, leaveFamiliesOut, type Train } from './family-protocol.ts';
import { runFewShot } from './few-shot-protocol.ts';
import { type DeviceData, type MeasuredModels, readMeasuredModels } from './measured-models.ts';
import { trainAndRecord } from './protocols.ts';
import { trainDevice } from './train-device.ts';
import { writePredictor } from './write-predictor.ts';

const BREAKDOWN_TITLE = `# Breakdown by kernel type

Written by \`npm run train -- --breakdown\`. "Totals alone": terms fitted to whole networks only, as the data would have it;
"shipped": with a physical floor for every kernel, single measured ops as anchors, and the tree correction.
The single ops are part of the training, with the weight of three networks each, the squeeze-and-excite block of thirty:
that they match is a fit, not a test.

`;

type Models = MeasuredModels<DeviceFolder>;
type Data = DeviceData<DeviceFolder>;

/** Trains the devices of a folder, or runs one of the protocols on them, as the command line says. */
export async function trainFromFolders(args: TrainArguments, version: string): Promise<void> {
  const devices = await readDevices(args.predictors, args.device);
  const models = await readMeasuredModels(args.data, devices, {
    every: args.every,
    onProgress: (count) => progress(`${count} models read`),
  });
  report(`${models.ids.length} models, data ${models.hash.slice(0, 12)}`);
  const breakdowns: string[] = [];
  for (const data of models.devices) {
    const train: Train = (isTraining) =>
      trainDevice(data, isTraining, {
        ...(args.rounds !== undefined && { rounds: args.rounds }),
        onProgress: showTrees(data.device.name),
      });
    report(data.device.name);
    if (args.split) reportSplit(data, models, train);
    else if (args.families || args.fewShot) reportFamilies(data, models, train, args.fewShot);
    else if (args.breakdown !== undefined) breakdowns.push(await breakdownOf(data, models.ids));
    else await trainAndWrite(data, models, train, args, version);
  }
  if (args.breakdown !== undefined && breakdowns.length > 0)
    await writeWhole(args.breakdown, `${BREAKDOWN_TITLE}${breakdowns.join('\n\n')}\n`);
}

async function trainAndWrite(
  data: Data,
  models: Models,
  train: Train,
  args: TrainArguments,
  version: string,
): Promise<void> {
  const {
    folder,
    trainedOn = `${models.ids.length} models of ${args.data.map((folder) => basename(folder)).join(' and ')}`,
  } = data.device;
  const { weights, training, heldOut, record } = trainAndRecord(data, models, train, (step) =>
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
  const bytes = await writePredictor(folder, weights, {
    trainedOn,
    codeVersion: codeVersion(version),
    dataHash: models.hash,
    models: training.count,
    date: new Date().toISOString().slice(0, 10),
    heldOut,
    protocols: record,
  });
  report(`  wrote weights.bin, ${bytes} bytes, and manifest.json to ${folder}`);
}

function reportSplit(data: Data, { ids }: Models, train: Train): void {
  const heldOut = (model: number): boolean => isHeldOut(ids[model]!);
  const totals = predictAll(
    data,
    train((model) => !heldOut(model)),
  );
  report(`  held out       ${formatMetrics(accuracyOf(data, totals, heldOut))}`);
  const families = accuracyByFamily(data, ids, totals, heldOut);
  for (const [family, metrics] of Object.entries(families))
    report(`    ${family.padEnd(13)} ${formatMetrics(metrics)}`);
}

function reportFamilies(data: Data, models: Models, train: Train, isFewShot: boolean): void {
  const { ids, devices } = models;
  for (const { family, models: own, weights, accuracy } of leaveFamiliesOut(data, ids, train)) {
    report(`    ${family.padEnd(13)} ${formatMetrics(accuracy)}`);
    if (!isFewShot) continue;
    const { after } = runFewShot(data, ids, weights, own);
    report(`      ten measured  ${formatMetrics(after)}`);
  }
  if (!isFewShot) return;
  for (const sibling of devices) {
    if (sibling === data || sibling.device.terms !== data.device.terms) continue;
    const { before, after } = runFewShot(
      sibling,
      ids,
      train((model) => !isHeldOut(ids[model]!)),
    );
    report(`  on ${sibling.device.name}, before and after measuring ten models there`);
    report(`    ${formatMetrics(before)}\n    ${formatMetrics(after)}`);
  }
}

function report(text: string): void {
  process.stdout.write(`${text}\n`);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(79)}`);
}

function showTrees(name: string): (state: BoostingProgress) => void {
  return ({ round, rounds, remaining }) =>
    progress(`${name}: tree ${round} of ${rounds}, ${remaining.toFixed(0)} s to go`);
}

/** The commit of the working directory, or the version of this package where there is none. */
function codeVersion(version: string): string {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio,
    }).trim();
  } catch {
    return version;
  }
}
