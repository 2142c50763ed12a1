// Learns the devices of ../shared/own-device from some of their measurements, starting from the Cortex-A76, and says how
// well the others are predicted: the tables of docs/own-device.md. Build first; takes about ten minutes.
//
//     node scripts/own-device/recorded.mjs > recorded.json
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { hashOf } from '../../packages/dataset/dist/index.js';
import { readNnMeterIr } from '../../packages/frontend-nnmeter-ir/dist/index.js';
import { detectKernels } from '../../packages/kernel-detect/dist/index.js';
import {
  decodeWeights,
  describeKernel,
  descriptionKey,
} from '../../packages/latency-model/dist/index.js';
import { accuracyOf, adaptDevice, predictAll } from '../../packages/training/dist/index.js';

const ROOT = join(import.meta.dirname, '../..');
const DATA = join(ROOT, '../shared/own-device');
const DRAWS = 5;
/** Settings were chosen on the models that `hashOf(id) % 100 < 25` holds out; this is another quarter. */
const HELD_OUT_SEED = 1;

const linesOf = (name) =>
  gunzipSync(readFileSync(join(DATA, name)))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const pairs = JSON.parse(readFileSync(join(DATA, 'rules.json'), 'utf8'));
const rulesOf = (names) => ({
  fuse: Object.fromEntries(names.map((pair) => [`BF_${pair}`, true])),
});
const known = decodeWeights(readFileSync(join(ROOT, 'predictors/cortexa76/weights.bin')));

/** Times of layers, which stand in the order of kernels with or without a fused addition, by kernel. */
function layerTimes(graph, kernels, layers) {
  if (layers.length === kernels.length) return layers;
  const apart = pairs.onnxruntime.filter((pair) => !pair.endsWith('conv_add'));
  const kernelOf = new Map(kernels.flatMap(({ nodes }, at) => nodes.map((node) => [node, at])));
  const sums = new Array(kernels.length).fill(0);
  for (const [at, { nodes }] of detectKernels(graph, rulesOf(apart)).entries())
    sums[kernelOf.get(nodes[0])] += layers[at];
  return sums;
}

function readDevice(column, runtime, layers) {
  const rules = rulesOf(pairs[runtime]);
  const index = new Map();
  const set = { kernels: [], modelStart: [0], kernelIndex: [], uses: [] };
  const [ids, measured, kernelMs] = [[], [], []];
  for (const sample of linesOf('samples.jsonl.gz')) {
    const graph = readNnMeterIr(sample.graph, { name: sample.id });
    const kernels = detectKernels(graph, rules);
    const times = layers && layerTimes(graph, kernels, layers.get(sample.id));
    for (const [at, kernel] of kernels.entries()) {
      const description = describeKernel(kernel, graph);
      const key = descriptionKey(description);
      if (!index.has(key)) index.set(key, set.kernels.push(description) - 1);
      set.kernelIndex.push(index.get(key));
      set.uses.push(1);
      kernelMs.push(times ? times[at] / 1000 : Number.NaN);
    }
    set.modelStart.push(set.kernelIndex.length);
    ids.push(sample.id);
    measured.push(sample[column]);
  }
  return {
    ids,
    data: {
      device: { name: column, terms: 'cpu', rules },
      set,
      measured: Float64Array.from(measured),
      kernelMs: Float64Array.from(kernelMs),
    },
  };
}

const isOurs = (id) => !id.startsWith('tv-');
const isHeldOut = (id) => hashOf(id, HELD_OUT_SEED) % 4 === 0;

function learn({ ids, data }, count, draw) {
  const pool = ids.filter((id) => isOurs(id) && !isHeldOut(id));
  const chosen = new Set(
    pool.toSorted((a, b) => hashOf(a, 100 + draw) - hashOf(b, 100 + draw)).slice(0, count),
  );
  const { weights, adaptation } = adaptDevice(data, known, (model) => chosen.has(ids[model]));
  const totals = predictAll(data, weights, adaptation);
  return {
    heldOut: accuracyOf(data, totals, (model) => isOurs(ids[model]) && isHeldOut(ids[model])),
    torchvision: accuracyOf(data, totals, (model) => !isOurs(ids[model])),
  };
}

function meanOf(results, part) {
  const mean = (field) =>
    results.reduce((sum, each) => sum + each[part][field], 0) / results.length;
  return { count: results[0][part].count, within10: mean('within10'), rmspe: mean('rmspe') };
}

/** Share of the models that two passes measure within 10 % of each other. */
function repeatCeiling() {
  const passes = new Map();
  for (const { id, cpuMin } of linesOf('ort-passes.jsonl.gz'))
    passes.set(id, [...(passes.get(id) ?? []), cpuMin]);
  const twice = [...passes].filter(([id, times]) => isOurs(id) && times.length > 1);
  const near = twice.filter(([, [a, b]]) => Math.abs(a / b - 1) <= 0.1);
  return { models: twice.length, within10: near.length / twice.length };
}

const layers = new Map(linesOf('ort-layers.jsonl.gz').map(({ id, kernels }) => [id, kernels]));
const ort = readDevice('epyc_onnxruntime130', 'onnxruntime', layers);
const without = { ...ort, data: { ...ort.data, kernelMs: undefined } };
const firstPass = new Map(
  linesOf('ort-passes.jsonl.gz')
    .filter(({ pass }) => pass === '0')
    .map((line) => [line.id, line]),
);
/** What the totals of one pass teach, by the kind of time that a runtime's program tells, or a better one. */
const onePass = (field) => ({
  ids: ort.ids,
  data: {
    ...without.data,
    measured: Float64Array.from(ort.ids, (id) => firstPass.get(id)[field]),
  },
});
const openvino = readDevice('epyc_openvino2026_4', 'openvino');
const TASKS = [
  ['ONNX Runtime, totals and layers', ort, [10, 30, 60, 216]],
  ['ONNX Runtime, totals alone', without, [10, 30, 60, 216]],
  [
    'OpenVINO, totals alone',
    { ...openvino, data: { ...openvino.data, kernelMs: undefined } },
    [10, 60, 216],
  ],
  ['ONNX Runtime, totals alone, CPU time of one pass', onePass('cpuMin'), [216]],
  ['ONNX Runtime, totals alone, wall time of one pass', onePass('wallMin'), [216]],
];
const results = [];
for (const [name, device, counts] of TASKS) {
  for (const count of counts) {
    const draws = count > 100 ? 1 : DRAWS;
    const learned = Array.from({ length: draws }, (_, draw) => learn(device, count, draw));
    const heldOut = meanOf(learned, 'heldOut');
    const torchvision = meanOf(learned, 'torchvision');
    results.push({ name, count, draws, heldOut, torchvision });
    process.stderr.write(`${name}, ${count}: ${(100 * heldOut.within10).toFixed(1)} %\n`);
  }
}
process.stdout.write(`${JSON.stringify({ ceiling: repeatCeiling(), results }, null, 2)}\n`);
