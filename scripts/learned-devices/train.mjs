// npm run train:devices [-- folder ...]: learns the devices of predictors/learned/ from known ones, as their
// device.json says, and writes weights, settings and records beside it. The known device's weights are read as
// they are: run it again after `npm run train`.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeWeights, encodeWeights } from '@nnmeter/latency-model';
import { datasheetWeights, learnAndRecord } from '@nnmeter/training';
import { json, LEARNED, learnedDevices, PREDICTORS, rulesOf } from '../devices.mjs';
import { readKernelTimes, readNetworks } from './measurements.mjs';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));
const THIS = fileURLToPath(import.meta.url);
/** Share of networks of unseen families within 10 % below which a setting is recorded, but not shipped. */
const LEAST_WITHIN_10 = 0.7;
/** Of the two that the trainer's machine has. */
const PROCESSES = Math.min(2, availableParallelism());

if (process.send === undefined) {
  const wanted = process.argv.slice(2);
  const folders = learnedDevices().map(({ folder }) => folder);
  const unknown = wanted.find((folder) => !folders.includes(folder));
  if (unknown !== undefined) {
    console.error(`no learned device "${unknown}"; there are ${folders.join(', ')}`);
    process.exit(1);
  }
  if (!existsSync(SHARED)) {
    console.error(`${SHARED} is not there: the measurements are not part of the repository`);
    process.exit(1);
  }
  const queue = wanted.length > 0 ? wanted : folders;
  await Promise.all(Array.from({ length: PROCESSES }, () => work(queue)));
} else {
  learn(process.argv[2]);
  process.disconnect();
}

/** Learns one device after the other, each in a process of its own. */
async function work(queue) {
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
    const code = await new Promise((resolve) => {
      fork(THIS, [folder]).once('exit', resolve);
    });
    if (code !== 0) process.exitCode = 1;
  }
}

function learn(folder) {
  const { learnedFrom, terms, trainedOn } = json(join(LEARNED, folder, 'device.json'));
  const bytes = knownWeights(learnedFrom);
  const known = decodeWeights(bytes);
  const rules = rulesOf(learnedFrom);
  const networks = readNetworks(SHARED, learnedFrom.measurements, rules, terms);
  const { ids, families, set } = networks;
  const kernelMs =
    learnedFrom.layers === undefined
      ? undefined
      : readKernelTimes(SHARED, learnedFrom.layers, networks);
  const hash = createHash('sha256').update(readFileSync(join(SHARED, learnedFrom.measurements)));
  let weights;
  const settings = learnedFrom.settings.map(({ column, ...setting }, index) => {
    const data = {
      device: { name: column, terms, rules },
      set,
      measured: networks.measured(column, learnedFrom.without),
      ...(kernelMs && { kernelMs }),
    };
    const learned = learnAndRecord(data, known, { ids, families, isComplete: index === 0 });
    weights ??= learned.weights;
    const { unseen, intervalCoverage } = learned.record;
    console.log(
      `${folder} ${Object.values(setting).join(', ')}: unseen families ${(100 * unseen.within10).toFixed(1)} % within 10 %, RMSPE ${(100 * unseen.rmspe).toFixed(1)} %, in their interval ${(100 * intervalCoverage.crossChecked).toFixed(1)} %`,
    );
    return {
      ...setting,
      adaptation: rounded(learned.adaptation, 4),
      learned: rounded(learned.record, 5),
    };
  });
  const isShipped = ({ learned }) => learned.unseen.within10 >= LEAST_WITHIN_10;
  const shipped = settings.filter(isShipped);
  if (shipped.length === 0) throw new Error(`${folder}: no setting is worth shipping`);
  const manifest = {
    trainedOn,
    codeVersion: json(join(PREDICTORS, '../packages/training/package.json')).version,
    dataHash: hash.digest('hex'),
    models: shipped[0].learned.networks,
    date: new Date().toISOString().slice(0, 10),
    heldOut: shipped[0].learned.unseen,
    knownWeights: createHash('sha256').update(bytes).digest('hex'),
    notShipped: settings
      .filter((setting) => !isShipped(setting))
      .map(({ adaptation: _, ...setting }) => setting),
  };
  const write = (file, content) => writeFileSync(join(LEARNED, folder, file), content);
  write('weights.bin', encodeWeights(weights));
  write('settings.json', `${JSON.stringify(shipped)}\n`);
  write('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Of the known device, or what a data sheet says. */
function knownWeights({ device, datasheet }) {
  return device === undefined
    ? encodeWeights(datasheetWeights(datasheet))
    : readFileSync(join(PREDICTORS, device, 'weights.bin'));
}

/** Few digits say more than eighty networks do. */
function rounded(value, digits) {
  return JSON.parse(
    JSON.stringify(value, (_, each) =>
      typeof each === 'number' ? Number(each.toPrecision(digits)) : each,
    ),
  );
}
