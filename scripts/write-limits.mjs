// Writes docs/limits.md: how far predictions could go on the benchmark, and where they are not as steady as one would like.
// Build first; needs ../shared and two minutes.
//     node scripts/write-limits.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { familyOf, isHeldOut } from '@nnmeter/dataset';
import { createRandom, solveCholesky } from '@nnmeter/forest';
import { detectKernels } from '@nnmeter/kernel-detect';
import {
  decodeWeights,
  describeKernels,
  KERNEL_KINDS,
  KernelModel,
  KIND,
  latencyMetrics,
  rankCorrelation,
  tilePlanOf,
} from '@nnmeter/latency-model';
import { createPredictor } from '@nnmeter/predictor';
import { predictAll, trainDevice } from '@nnmeter/training';
import { readDevices, readMeasuredModels } from '@nnmeter/training/node';
import { buildModel } from '@nnmeter/zoo';
import { DEVICES, medianAndWorst, percent } from './accuracy-records.mjs';

const ROOT = join(import.meta.dirname, '..');
const SHARED = join(ROOT, '../shared');
const VPU = 'myriadvpu';

const devices = await readDevices(join(ROOT, 'predictors'));
const models = await readMeasuredModels(
  ['bench', 'bench-small'].map((name) => join(SHARED, name)),
  devices,
  {},
);
const folderOf = ({ device }) => basename(device.folder);
const titleOf = (data) => DEVICES.find(({ folder }) => folder === folderOf(data)).title;

const near = (ratios, factor, share) =>
  ratios.filter((ratio) => Math.abs(ratio * factor - 1) <= share).length;

/** The factor with which most of the ratios are within 5 %. */
function bestFactor(ratios) {
  const factors = Array.from({ length: 101 }, (_, step) => 0.95 + step / 1000);
  return factors.reduce((best, each) =>
    near(ratios, each, 0.05) > near(ratios, best, 0.05) ? each : best,
  );
}

/** Held-out networks within 5 %: as they are predicted, and with every family moved by one factor. */
function withinFive(data) {
  const weights = decodeWeights(
    readFileSync(join(ROOT, 'predictors', folderOf(data), 'weights.bin')),
  );
  const { predicted } = predictAll(data, weights);
  const families = new Map();
  for (const [model, id] of models.ids.entries()) {
    if (!(data.measured[model] > 0)) continue;
    const family = familyOf(id);
    if (!families.has(family)) families.set(family, { known: [], held: [] });
    families
      .get(family)
      [isHeldOut(id, 0) ? 'held' : 'known'].push(predicted[model] / data.measured[model]);
  }
  const lists = [...families.values()];
  const count = lists.reduce((sum, { held }) => sum + held.length, 0);
  const share = (factorOf) =>
    lists.reduce((sum, list) => sum + near(list.held, factorOf(list), 0.05), 0) / count;
  const byFamily = Object.fromEntries(
    [...families].map(([family, { held }]) => [family, near(held, 1, 0.05) / held.length]),
  );
  return {
    title: titleOf(data),
    now: share(() => 1),
    learned: share(({ known }) => bestFactor(known)),
    bound: share(({ held }) => bestFactor(held)),
    ...medianAndWorst(byFamily, (each) => each),
    humps: humpsOf(data, predicted),
    software: inSoftware(data, predicted),
  };
}

/** Of VGGs: how residuals follow the latency, and those of the networks before them. */
function humpsOf({ measured }, predicted) {
  const own = models.ids.flatMap((id, model) =>
    id.startsWith('vgg') && measured[model] > 0 ? [model] : [],
  );
  const order = own.toSorted((a, b) => place(a) - place(b));
  const residual = (model) => Math.log(predicted[model] / measured[model]);
  const follow = (a, b) => rankCorrelation(a, b).spearman.toFixed(2);
  return {
    size: follow(
      own.map(residual),
      own.map((model) => measured[model]),
    ),
    before: follow(order.slice(1).map(residual), order.slice(0, -1).map(residual)),
  };
}

/** `vgg16_12` after `vgg16_9`. */
function place(model) {
  const [network, number] = models.ids[model].split('_');
  return Number(network.slice('vgg'.length)) * 1e6 + Number(number);
}

const NETWORKS = [
  ...['resnet18', 'resnet50', 'mobilenet_v2', 'mobilenet_v3_small', 'squeezenet1_1', 'vgg11'],
  ...['resnext50_32x4d', 'densenet121', 'regnet_y_400mf', 'efficientnet_b0', 'googlenet'],
  'shufflenet_v2_x1_0',
];
const SWEEPS = [
  Array.from({ length: 32 }, (_, step) => [1, 3, 32 * (step + 1), 32 * (step + 1)]),
  [1, 2, 4, 8, 16, 32].map((batch) => [batch, 3, 96, 160]),
];
const FALL = 0.02;

/** Steps to a bigger image or batch at which a network gets faster by more than 2 %. */
async function fallsOf({ folder }) {
  const { default: definition } = await import(join(folder, 'dist/index.js'));
  const predictor = createPredictor(definition);
  const falls = [];
  let steps = 0;
  for (const network of NETWORKS) {
    for (const shapes of SWEEPS) {
      let before;
      for (const inputShape of shapes) {
        const graph = buildModel(network, { inputShape });
        const after = { inputShape, graph, ...predictor.predictGraph(graph) };
        if (before !== undefined) {
          steps++;
          if (after.latencyMs < (1 - FALL) * before.latencyMs)
            falls.push({ network, before, after, rules: definition.fusionRules });
        }
        before = after;
      }
    }
  }
  return { steps, falls };
}

const planned = (kernel) => {
  const plan = tilePlanOf(kernel);
  if (plan === undefined) return 'software';
  const { channelTiles, widthTiles, heightTiles, pieces } = plan;
  const tiles = `${channelTiles} x ${widthTiles} x ${heightTiles}`;
  return pieces === 1 ? tiles : `${pieces} pieces of ${tiles}`;
};

/** The kernel that falls most, with its plans, and how much of the fall is in kernels whose plans differ. */
function explain({ network, before, after, rules }) {
  const [old, now] = [before, after].map(({ graph }) =>
    describeKernels(detectKernels(graph, rules), graph, 'vpu'),
  );
  const changes = now.map((kernel, index) => ({
    ms: before.kernels[index].latencyMs - after.kernels[index].latencyMs,
    isReplanned: planned(kernel) !== planned(old[index]),
    index,
  }));
  const replanned = changes.filter(({ isReplanned }) => isReplanned);
  const most = replanned.reduce((a, b) => (b.ms > a.ms ? b : a));
  const { index } = most;
  const side = ({ inputShape }) => `${inputShape[0]} x ${inputShape[2]} x ${inputShape[3]}`;
  const ms = (value) => Number(value.toPrecision(3));
  return [
    network,
    `${side(before)} → ${side(after)}`,
    `${ms(before.latencyMs)} → ${ms(after.latencyMs)}`,
    `${before.kernels[index].nodes[0]}, ${old[index].kernelHeight}x${old[index].kernelWidth}, ${old[index].channels} → ${old[index].outChannels}`,
    `${ms(before.kernels[index].latencyMs)} → ${ms(after.kernels[index].latencyMs)}`,
    `${planned(old[index])} → ${planned(now[index])}`,
    percent(
      replanned.reduce((sum, { ms }) => sum + ms, 0) / (before.latencyMs - after.latencyMs),
      0,
    ),
  ];
}

/** Networks of the benchmark with convolutions that no plan fits, and how many of them are predicted within 10 %. */
function inSoftware({ set, measured }, predicted) {
  const isLeft = set.kernels.map(
    (each) => each.kind === KIND.conv && tilePlanOf(each) === undefined,
  );
  const own = [...measured.keys()].flatMap((at) => {
    const kernels = set.kernelIndex.subarray(set.modelStart[at], set.modelStart[at + 1]);
    return measured[at] > 0 && kernels.some((each) => isLeft[each]) ? [at] : [];
  });
  const families = [...new Set(own.map((at) => familyOf(models.ids[at])))].sort();
  const { within10 } = latencyMetrics(
    own.map((at) => predicted[at]),
    own.map((at) => measured[at]),
  );
  return `${own.length} (${families.join(', ')}), of which ${percent(within10)} are predicted within 10 %`;
}

/** Ridge regression of relative targets: prices for the columns, expected to be 0 give or take a spread. */
function priced(rows, targets, spread, noise) {
  const count = rows[0].length;
  const system = new Float64Array(count * count);
  const right = new Float64Array(count);
  for (const [at, row] of rows.entries()) {
    for (let i = 0; i < count; i++) {
      right[i] += row[i] * targets[at];
      for (let j = 0; j < count; j++) system[i * count + j] += row[i] * row[j];
    }
  }
  for (let i = 0; i < count; i++) system[i * count + i] += (noise / spread) ** 2;
  solveCholesky(system, right, count);
  return right;
}

/** What measurements of NAS-Bench-201 could teach a VPU that knows none of it. */
function whatTenTeach() {
  const data = models.devices.find((each) => folderOf(each) === VPU);
  const weights = trainDevice(data, (model) => familyOf(models.ids[model]) !== 'nasbench');
  const model = new KernelModel(weights);
  const { predicted } = predictAll(data, weights);
  const { set, measured } = data;
  const own = models.ids.flatMap((id, at) =>
    familyOf(id) === 'nasbench' && measured[at] > 0 ? [at] : [],
  );
  const table = (keyOf, amountOf) => {
    const columns = new Map();
    const sums = own.map((at) => {
      const row = new Map();
      for (let entry = set.modelStart[at]; entry < set.modelStart[at + 1]; entry++) {
        const kernel = set.kernels[set.kernelIndex[entry]];
        const key = keyOf(kernel);
        if (!columns.has(key)) columns.set(key, columns.size);
        const value = set.uses[entry] * amountOf(kernel);
        row.set(key, (row.get(key) ?? 0) + value);
      }
      return row;
    });
    return sums.map((row, at) =>
      Float64Array.from(columns.keys(), (key) => (row.get(key) ?? 0) / measured[own[at]]),
    );
  };
  const error = own.map((at) => 1 - predicted[at] / measured[at]);
  const left = (rows, targets, prices) =>
    rows.map((row, at) => targets[at] - row.reduce((sum, value, i) => sum + value * prices[i], 0));
  /** Of what is left of each, as a fraction. */
  const metrics = (errors) =>
    latencyMetrics(
      errors.map((each) => 1 - each),
      errors.map(() => 1),
    );

  const everyKernel = table(
    (k) => [k.kind, k.kernelHeight, k.outHeight, k.inputs, k.beside === undefined].join(),
    () => 1,
  );
  const wholes = own.map(() => 1);
  // As good as free: spreads of 10 ms.
  const known = metrics(left(everyKernel, wholes, priced(everyKernel, wholes, 10, 0.04)));
  const byKind = table(
    ({ kind }) => KERNEL_KINDS[kind],
    (kernel) => model.latency(kernel),
  );
  const random = createRandom(1);
  const draws = Array.from({ length: 40 }, () =>
    own
      .map((_, at) => [random(), at])
      .sort(([a], [b]) => a - b)
      .map(([, at]) => at),
  );
  const learned = (count, spread) => {
    const shares = draws.map((order) => {
      const seen = order.slice(0, count);
      const prices = priced(
        seen.map((at) => byKind[at]),
        seen.map((at) => error[at]),
        spread,
        known.rmspe,
      );
      const rest = left(byKind, error, prices);
      return metrics(order.slice(count).map((at) => rest[at])).within10;
    });
    return shares.reduce((sum, each) => sum + each, 0) / shares.length;
  };
  const best = (count) =>
    Math.max(...[0.1, 0.2, 0.3, 0.5, 1].map((spread) => learned(count, spread)));
  return {
    networks: own.length,
    unseen: metrics(error),
    known,
    ten: best(10),
    thirty: best(30),
  };
}

const five = models.devices.map(withinFive);
const [onCpu] = five;
const shapes = await Promise.all(
  devices.map(async (device) => ({
    title: titleOf({ device }),
    device,
    ...(await fallsOf(device)),
  })),
);
const ofVpu = (rows) => rows[devices.findIndex((device) => folderOf({ device }) === VPU)];
const ten = whatTenTeach();
const row = (cells) => `| ${cells.join(' | ')} |`;

writeFileSync(
  join(ROOT, 'docs/limits.md'),
  `# Limits: what the measurements allow, and bigger shapes

Written by \`node scripts/write-limits.mjs\`.

## Within 5 %

Networks of the random split that training did not see. Networks of a family are measured up to 10 % apart where nothing tells them
apart: VGGs on the CPU have two humps, and neither how long they take (rank correlation of residuals ${onCpu.humps.size}) nor the one with the number before
it (${onCpu.humps.before}) says which one it is. So a
family's predictions can at best stand where most of its measurements are. "learned": each family's are multiplied by the factor that
suits most of its other networks; "bound": by the one that suits most of these themselves, which nobody can know.

| device | within 5 % | learned factor | bound | worst family |
|---|--:|--:|--:|--:|
${five.map(({ title, now, learned, bound, worst, family }) => row([title, ...[now, learned, bound].map((each) => percent(each)), `${percent(worst)} (${family})`])).join('\n')}

## Bigger shapes

${NETWORKS.length} networks (${NETWORKS.join(', ')}), images of 32 x 32 to 1024 x 1024 in steps of 32, and batches of 1 to 32 at 96 x 160: how often the next bigger shape is
predicted to be faster by more than 2 %.

| device | steps | falls |
|---|--:|--:|
${shapes.map(({ title, steps, falls }) => row([title, steps, falls.length])).join('\n')}

All of the VPU's are convolutions that its compiler cuts into other tiles (channels x width x height), or that its convolution unit
takes where the smaller ones are left to software: tiles must be at least 64 columns wide, at most 15 of a kind, and fit the memory on the chip. Benchmark
networks with convolutions in software: ${ofVpu(five).software}. The last column: how much of the fall is in
kernels whose plan changes (over 100 %: the others get slower).

| network | batch x height x width | ms | kernel that falls most | its ms | its plan | in replanned kernels |
|---|---|---|---|---|---|--:|
${ofVpu(shapes)
  .falls.map((fall) => row(explain(fall)))
  .join('\n')}

## A handful of measurements of NAS-Bench-201 on the VPU

By weights that know none of it, ${percent(ten.unseen.within10)} of its ${ten.networks} networks are within 10 %, RMSPE ${percent(ten.unseen.rmspe)}. A free price for each kind and size of its kernels, and
whether one runs beside another, fitted to all of them, leaves RMSPE ${percent(ten.known.rmspe)}, which is noise, and ${percent(ten.known.within10)} within 10 %. From ten networks, a factor for each kind of kernel
reaches ${percent(ten.ten)} at best, from thirty ${percent(ten.thirty)} (mean of 40 draws, the best of five strengths of the prior): so much noise hides the rest. What
\`nn-meter calibrate\` makes of five draws is in [own-device.md](own-device.md#a-handful-of-measurements-of-a-known-device).
`,
);
