// Writes docs/transformers.md: what the blocks of ../shared/devices/hybrid-transformer-lut.csv.gz say of estimates, and what
// can be learned from them. Build first; takes a minute.
//
//     node scripts/learned-devices/write-transformers.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf } from '@nnmeter/dataset';
import { graphCost } from '@nnmeter/ir';
import { decodeWeights, latencyMetrics } from '@nnmeter/latency-model';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { KernelCollector, learnDevice, predictAll } from '@nnmeter/training';
import { buildModel } from '@nnmeter/zoo';
import { json, PREDICTORS } from '../devices.mjs';
import { readBlocks } from './blocks.mjs';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));
const DOCUMENT = new URL('../../docs/transformers.md', import.meta.url);
const FILE = 'devices/hybrid-transformer-lut.csv.gz';
const PHONES = { pixel4: 'Pixel 4', pixel1: 'Pixel 1', pixel6: 'Pixel 6', xiaomi11: 'Xiaomi 11' };
const KNOWN = join(PREDICTORS, 'cortexa76');
const TRANSFORMER = 'vit_b_16';
/** Blocks of each type that are learned from; there are 12 of the rarest. */
const LEARNED_FROM = 60;

const { ids, types, graphs, measured } = readBlocks(SHARED, FILE);
const allTypes = [...new Set(types)];
const rules = json(join(KNOWN, 'rules.json'));
const known = decodeWeights(readFileSync(join(KNOWN, 'weights.bin')));
const collector = new KernelCollector(rules, 'cpu');
for (const graph of graphs) collector.add(graph);
const transformer = buildModel(TRANSFORMER);
collector.add(transformer);
const set = collector.finish();
const chosen = new Set(
  allTypes.flatMap((type) =>
    [...ids.keys()]
      .filter((block) => types[block] === type)
      .sort((a, b) => hashOf(ids[a]) - hashOf(ids[b]))
      .slice(0, LEARNED_FROM),
  ),
);
const a76 = await loadLatencyPredictor('cortexA76');

/** Latencies of all blocks and of the transformer by what is learned from some blocks of a phone. */
function learn(column, isTraining) {
  const ms = Float64Array.of(...measured(column), Number.NaN);
  const data = { device: { name: column, terms: 'cpu', rules }, set, measured: ms };
  const { weights, adaptation } = learnDevice(data, known, (block) => isTraining(block));
  return predictAll(data, weights, adaptation).predicted;
}

function accuracy(column, predicted, blocks) {
  if (blocks.length === 0) return '–';
  const ms = measured(column);
  const { within10, rmspe } = latencyMetrics(
    blocks.map((block) => predicted[block]),
    blocks.map((block) => ms[block]),
  );
  return `${percent(within10)}, ${percent(rmspe)}`;
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const ofType = (type) => [...ids.keys()].filter((block) => types[block] === type);

function ratiosOf(type) {
  const ms = measured('pixel4');
  const blocks = ofType(type);
  const ratios = blocks
    .map((block) => ms[block] / a76.totalMs(graphs[block]))
    .sort((a, b) => a - b);
  const at = (share) => ratios[Math.floor(share * (ratios.length - 1))].toFixed(2);
  return `| ${type} | ${blocks.length} | ${at(0.5)} | ${at(0.1)} – ${at(0.9)} |`;
}

const ofTransformer = [];
const tables = Object.entries(PHONES).map(([column, phone]) => {
  const all = learn(column, (block) => chosen.has(block));
  ofTransformer.push(`${phone} ${Math.round(all[ids.length])} ms`);
  const rows = allTypes.map((type) => {
    const unseen = ofType(type).filter((block) => !chosen.has(block));
    const without = learn(column, (block) => chosen.has(block) && types[block] !== type);
    return `| ${type} | ${accuracy(column, all, unseen)} | ${accuracy(column, without, ofType(type))} |`;
  });
  return `### ${phone}\n\n| type | unseen blocks | unseen type |\n|---|--:|--:|\n${rows.join('\n')}\n`;
});
const { macs } = graphCost(transformer);

writeFileSync(
  DOCUMENT,
  `# Transformers

Written by \`scripts/learned-devices/write-transformers.mjs\`.

Attention, layer normalisation, GELU and dense layers over rows are estimates on every device: rooflines at rates that the device
reaches on what was measured. Attention is the sum of its parts, product, scaling, softmax, product, since no runtime that was measured
joins them: scores are written and read in between. How good that is, the ${ids.length.toLocaleString('en')} blocks of \`${FILE}\` say. They were
measured with TensorFlow Lite with Select ops, newer than the 2.1 of our devices, on four phones; threads and cores are not
stated. Types: \`conv\` inverted residuals, \`firstconv\`, \`mbpool\` the head, \`transds\` inverted residuals between tokens,
\`transattn\` layer normalisation, projections and attention with heads of 16 channels, \`transffn\` layer normalisation and two dense
layers.

## The Cortex-A76 as it is

Measured on the Pixel 4 by predicted with TensorFlow Lite 2.1 for its large core. The newer runtime is faster; estimates of transformers are as
good as those of convolutions where the ratios are.

| type | blocks | median | a tenth below, above |
|---|--:|--:|--:|
${allTypes.map(ratiosOf).join('\n')}

Where attention was described as one product of matrices, without its scores, the middle 80 % of the ratios of \`transattn\`
were from 0.37 to 1.60. That was changed after these blocks were looked at; nothing was fitted to them.

${TRANSFORMER} has ${(macs / 1e9).toFixed(1)} thousand million multiply-accumulates. The estimate for the Cortex-A76 with TensorFlow Lite 2.1 is ${Math.round(a76.totalMs(transformer))} ms;
by what is learned below: ${ofTransformer.join(', ')}. Its layers are wider than all of the blocks, so that these are extrapolations: they
confirm the size, no more.

## Learned from blocks

As devices in [accuracy.md](accuracy.md) are learned: from the Cortex-A76, by at most ${LEARNED_FROM} blocks of each type, chosen by a hash. Share within 10 % and
RMSPE, of blocks that were not learned from; and of all blocks of a type that was left out.

${tables.join('\n')}
What a type consists of alone, such as the attention of \`transattn\`, is not learned from the others: fewer than 70 % of unseen types are within
10 %, so that none of this is shipped as a device.
`,
);
