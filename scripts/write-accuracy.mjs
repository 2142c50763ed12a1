// Writes docs/accuracy.md from the records that the trainer leaves beside the weights (predictors/*/manifest.json).
// `--check` only says whether it is out of date (exit code 1).
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEVICES, LEARNED_DEVICES, medianAndWorst, percent } from './accuracy-records.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const devices = DEVICES.map((device) => {
  const folder = join(ROOT, 'predictors', device.folder);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const kilobytes = Math.round(statSync(join(folder, 'weights.bin')).size / 1000);
  return { ...device, kilobytes, ...manifest, ...manifest.protocols };
});
const families = [...new Set(devices.flatMap(({ unseenFamilies }) => Object.keys(unseenFamilies)))];
const head = (first) =>
  `| ${[first, ...devices.map(({ title }) => title)].join(' | ')} |\n|---|${'--:|'.repeat(devices.length)}`;
const row = (name, cell) => `| ${[name, ...devices.map(cell)].join(' | ')} |`;

/** Networks of NAS-Bench-201, 32 x 32. */
const SMALL = 'nasbench';

const path = join(ROOT, 'docs/accuracy.md');
const text = `# Accuracy

Written by \`node scripts/write-accuracy.mjs\` from \`predictors/*/manifest.json\`, where \`npm run train\` records what it
measured. Shares are of models whose prediction is within 10 % of the measurement, unless said otherwise.

## Protocols

| protocol | command |
|---|---|
| random split: a tenth of the models, by a hash of the id (seed 0), is held out | \`npm run train -- --split\` |
| unseen families: every family is predicted by a model trained on the others only | \`npm run train -- --families\` |
| few-shot: the same, after \`fitCalibration\` on ten models of the family, those with the least hash; a sibling device | \`npm run train -- --few-shot\` |
| all of these, a second split (seed 1), intervals; writes weights and records | \`npm run train\` |
| kernel types of known networks, single measured ops: [breakdown.md](breakdown.md) | \`npm run train -- --breakdown\` |

## Summary

${head('')}
${row('**random split**', ({ heldOut }) => `**${percent(heldOut.within10, 2)}**`)}
${row('within 5 %', ({ heldOut }) => percent(heldOut.within5, 2))}
${row('RMSPE', ({ heldOut }) => percent(heldOut.rmspe, 2))}
${row('RMSE, ms', ({ heldOut }) => heldOut.rmse.toFixed(3))}
${row('bias', ({ heldOut }) => percent(heldOut.bias, 2))}
${row('held-out models', ({ heldOut }) => heldOut.count)}
${row('models trained on', ({ models }) => models)}
${row('another split, within 10 / 5 %', ({ otherSplit }) => `${percent(otherSplit.within10, 2)} / ${percent(otherSplit.within5, 2)}`)}
${row('**unseen family, median**', ({ unseenFamilies }) => `**${percent(medianAndWorst(unseenFamilies).median)}**`)}
${row(
  'unseen family, worst',
  worstOf(({ unseenFamilies }) => unseenFamilies),
)}
${row('**unseen, small images (NAS-Bench-201)**', ({ unseenFamilies }) => `**${percent(unseenFamilies[SMALL]?.within10)}**`)}
${row('bias there', ({ unseenFamilies }) => percent(unseenFamilies[SMALL]?.bias))}
${row('with ten models of it, median', ({ fewShot }) => percent(medianAndWorst(fewShot).median))}
${row(
  'with ten models of it, worst',
  worstOf(({ fewShot }) => fewShot),
)}
${row('nn-Meter, published', ({ published }) => percent(published))}
${row('weights, kB', ({ kilobytes }) => kilobytes)}
${row('one training, s, on two shared cores', ({ trainingSeconds }) => trainingSeconds.toFixed(1))}

nn-Meter publishes 89.2 % on unseen families, averaged over its devices.

## What is comparable

- The devices, frameworks, models and measurements are nn-Meter's. The measure, share of models within 10 %, is its too.
- The test is not the same. nn-Meter trained on measurements of single kernels and was tested on all 26,000 models; these
  predictors are trained on other models of the same benchmark. The random split shows how well they do on variants of
  architectures they know; only the unseen families ask what nn-Meter was asked.
- The figures of unseen families are no blind test. No weight has seen the family, but the terms (which costs the stages of
  the VPU share and how strongly, the loops of 1x1 convolutions and the weight of squeeze-and-excite blocks on GPUs) were
  chosen by comparing such tables over all twelve families, and for the VPU some early choices looked at tables over all
  models, the held-out tenth included. A family that nobody has looked at may do worse.
- NAS-Bench-201 was looked at too, before the work groups of the Adrenos, the kernels that the VPU runs side by side and the
  strength with which trees are held were thought of; each was then settled by sources or by the other families, and no
  weight in the rows of unseen families saw it.
- No device was measured for this: the record is of the benchmark, at 224 x 224, batch 1, and of NAS-Bench-201 at 32 x 32.
- How far the measurements would let anybody go, and how predictions move with the shape of the input, is in [limits.md](limits.md).

## Random split, by family

${head('family')}
${families.map((family) => row(family, ({ heldOutFamilies }) => share(heldOutFamilies[family]))).join('\n')}

## Unseen families

Within 10 % by a model that saw only the other families, then with ten of its models measured.

${head('family')}
${families.map((family) => row(family, ({ unseenFamilies, fewShot }) => `${share(unseenFamilies[family])} → ${share(fewShot[family])}`)).join('\n')}
${row('median', ({ unseenFamilies, fewShot }) => `${percent(medianAndWorst(unseenFamilies).median)} → ${percent(medianAndWorst(fewShot).median)}`)}

RMSPE of the same:

${head('family')}
${families.map((family) => row(family, ({ unseenFamilies, fewShot }) => `${error(unseenFamilies[family])} → ${error(fewShot[family])}`)).join('\n')}

## Sibling device

Predictions of one device for another of its kind, before and after measuring ten models there.

| trained on | used for | before | after | RMSPE after |
|---|---|--:|--:|--:|
${devices.flatMap(siblingRows).join('\n')}

## Intervals

Share of the measurements inside the stated 90 % interval. Nothing in this table had a part in the widths: the random
split is a third one, and each family, the small images of NAS-Bench-201 among them, has widths from the residuals of the
other families alone.

${head('')}
${row('**random split**', ({ intervalCoverage }) => `**${percent(intervalCoverage.otherSplit)}**`)}
${row('by family, least', ({ intervalCoverage }) => least(intervalCoverage.otherSplitFamilies))}
${row('by family, greatest', ({ intervalCoverage }) => greatest(intervalCoverage.otherSplitFamilies))}
${row('**unseen family, mean**', ({ intervalCoverage }) => `**${percent(mean(intervalCoverage.unseenFamilies))}**`)}
${row('median', ({ intervalCoverage }) => percent(medianAndWorst(intervalCoverage.unseenFamilies, (coverage) => coverage).median))}
${row('worst', ({ intervalCoverage }) => least(intervalCoverage.unseenFamilies))}
${row('**small images**', ({ intervalCoverage }) => `**${percent(intervalCoverage.unseenFamilies[SMALL])}**`)}
${row('held-out models that set the widths', ({ intervalCoverage }) => percent(intervalCoverage.heldOut))}

By family, random split → unseen:

${head('family')}
${families.map((family) => row(family, ({ intervalCoverage: { otherSplitFamilies, unseenFamilies } }) => `${percent(otherSplitFamilies[family])} → ${percent(unseenFamilies[family])}`)).join('\n')}

## More processors

Experimental: learned from a known device, or a data sheet, by the networks of \`../shared/devices\` (\`npm run train:devices\`). Each family, of
18 (NVIDIA GPUs: 66), is predicted by what was learned from the others; families are architectures by their names, variants of one in width, depth
or place of a stride together. "Median" and "worst" are of the families' shares, and most families are one network or a few.
"In interval": of unseen families, under widths from the other families.

| device | setting | networks | **unseen families** | median, worst | RMSPE | in interval | ten-fold, random | from ten | from thirty |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|
${LEARNED_DEVICES.flatMap(learnedRows).join('\n')}

- The ten-fold split flatters: near duplicates stand on both sides.
- Ceiling: one large core repeats within 0.2-1 %, three or four little cores and the GPU of the Galaxy S10 within 2-10 % (standard
  deviations the authors state).
- What chose what: the spread of slopes (0.05) was chosen among 0.05, 0.15 and 0.3 by the sum over fifteen settings, before the known
  devices were trained with NAS-Bench-201. Chosen for each family by the other 17 families only, it was 0.05 every time, so
  that nesting cost nothing. The spread of terms of CPUs (0.5) was chosen on the Pixel 4 over all families. That of GPUs (1) and the half
  of the Adreno 640's work groups that they start from were chosen on all six GPUs and families, so that theirs is no blind test: 0.7
  reads from 4 points less to 1 more, 2 reads 0 to 4 more. That grouped convolutions are loops, what a pixel of their window costs besides, and that one factor is better than two for them was read off the only two families that
  have them, regnetx and resnext, which are therefore no blind test; with the other 75 networks they share the common factor alone.
- Measured and not shipped, since fewer than 70 % are within 10 %: ${notShipped()}; and the Mali-G76 GPU of the
  Galaxy S10 (66.7 %).
- NVIDIA GPUs are learned from their data sheets: what every operation costs at best, as PyTorch runs them under automatic mixed precision, times a
  factor for each term. Their figures are throughput, ms for each image of a large batch, over 66 families of timm. The spread of factors (0.07) was
  chosen among 0.03 to 0.2, and which terms there are was decided on the same GPUs and families: no blind test. Before descriptions said
  which convolutions add a bias, what becomes float32, and that nothing is simplified first, the four read 76.9, 77.5, 73.9 and 72.7 %; learned from the
  Adreno 640 in place of its data sheet, the RTX 3090 read 69 %. That layer normalization stays in float16 (timm's \`--fast-norm\`) is a guess that
  the ConvNeXts bear out: as PyTorch does it by default they were predicted 14 % too slow, and that option makes ConvNeXt Tiny 13 % faster on an RTX 3090
  (measured in timm's pull request 1747). Worst are GhostNetV2 and SKNet. MobileOne, RepVGG and RepGhostNet are left out of what was measured with
  PyTorch 2.9: on the RTX 4090 they are 1.7 to 6.4 times as fast as on the RTX 3090, nine in ten of all networks 1.2 to 1.6 times, so that their
  branches were joined first; of ecaresnext50t the graph is another version's.

## Transformers

Attention, layer normalisation and the like are estimates on every device; how good they are, and what can be learned of them from
12,116 measured blocks of four phones, is in [transformers.md](transformers.md).
`;

const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
if (before !== text && process.argv.includes('--check')) {
  console.error('docs/accuracy.md is out of date; run: node scripts/write-accuracy.mjs');
  process.exitCode = 1;
} else writeFileSync(path, text);

function share(metrics) {
  return metrics === undefined ? '–' : percent(metrics.within10);
}

function error(metrics) {
  return metrics === undefined ? '–' : percent(metrics.rmspe);
}

function worstOf(select) {
  return (device) => {
    const { worst, family } = medianAndWorst(select(device));
    return `${percent(worst)} (${family})`;
  };
}

/** The least coverage of a family. */
function least(families) {
  const { worst, family } = medianAndWorst(families, (coverage) => coverage);
  return `${percent(worst)} (${family})`;
}

function greatest(families) {
  const [family, coverage] = Object.entries(families).reduce((a, b) => (b[1] > a[1] ? b : a));
  return `${percent(coverage)} (${family})`;
}

function mean(families) {
  const shares = Object.values(families);
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function siblingRows({ title, siblings }) {
  return Object.entries(siblings).map(
    ([name, { before, after }]) =>
      `| ${title} | ${name} | ${share(before)} | ${share(after)} | ${error(after)} |`,
  );
}

function learnedRows({ folder, title, settings }) {
  return settings.map(({ precision, cores, learned }, index) => {
    const { networks, unseen, unseenFamilies, intervalCoverage, random, ten, thirty } = learned;
    const { median, worst, family } = medianAndWorst(unseenFamilies);
    const cells = [
      index === 0 ? `${title} (${folder})` : '',
      cores === undefined ? precision : `${precision}, ${cores}`,
      networks,
      `**${percent(unseen.within10)}**`,
      `${percent(median, 0)}, ${percent(worst, 0)} (${family})`,
      percent(unseen.rmspe),
      percent(intervalCoverage.crossChecked),
      ...[random, ten, thirty].map(share),
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

function notShipped() {
  return LEARNED_DEVICES.flatMap(({ title, notShipped: settings }) =>
    settings.map(
      ({ precision, cores, learned }) =>
        `${title}, ${[precision, cores].filter(Boolean).join(', ')} (${percent(learned.unseen.within10)})`,
    ),
  ).join('; ');
}
