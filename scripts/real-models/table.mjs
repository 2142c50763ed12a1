// Writes docs/real-models.md from the lines of make.py: node scripts/real-models/table.mjs RESULTS.jsonl...
import { readFileSync, writeFileSync } from 'node:fs';

const MACS_WITHIN = 0.03;
const MS_WITHIN = 0.01;

const lines = process.argv
  .slice(2)
  .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'))
  .map((line) => JSON.parse(line));
const made = lines.filter(({ notMade }) => notMade === undefined);
const isRead = ({ error }) => error === undefined;
const isAgreed = ({ macs, expected }) => Math.abs(macs / expected - 1) <= MACS_WITHIN;

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const share = (part, whole) => (whole === 0 ? '-' : `${part} of ${whole}`);

const groups = groupBy(made, ({ category, route }) => `${category}|${route}`);
const rows = [...groups]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([key, group]) => {
    const read = group.filter(isRead);
    const counted = read.filter(({ expected }) => expected > 0);
    return [
      ...key.split('|'),
      share(read.length, group.length),
      share(read.filter(({ shapeless }) => shapeless === 0).length, read.length),
      share(read.filter(({ assumed }) => assumed.length > 0).length, read.length),
      share(counted.filter(isAgreed).length, counted.length),
      share(read.filter(({ complete }) => !complete).length, read.length),
    ];
  });

const models = new Set(made.map(({ model }) => model));
const read = made.filter(isRead);
const shaped = read.filter(({ shapeless }) => shapeless === 0);
const counted = read.filter(({ expected }) => expected > 0);

/** By how much the routes of a model differ, and which are the fastest and the slowest. */
const spreads = [...groupBy(read, ({ model }) => model).values()]
  .filter((routes) => routes.length > 1)
  .map((routes) => {
    const [first, ...others] = routes.toSorted((a, b) => a.ms - b.ms);
    const last = others.at(-1);
    return { model: first.model, ratio: last.ms / first.ms - 1, first, last };
  });
const apart = spreads.filter(({ ratio }) => ratio > MS_WITHIN).sort((a, b) => b.ratio - a.ratio);

const list = (title, items) => (items.length === 0 ? '' : `\n## ${title}\n\n${items.join('\n')}\n`);
const name = ({ model, route }) => `${model} (${route})`;
const millions = (macs) => (macs / 1e6).toFixed(1);

const page = `# Models as people have them

${models.size} models in ${made.length} files, made by \`scripts/real-models/make.py\` with the exporters of PyTorch and TensorFlow,
weights random. MACs are compared with the framework's own counter (torch.utils.flop_counter, tf.compat.v1.profiler), which
knows neither recurrent layers nor quantised ops. ${read.length} of ${made.length} are read, ${shaped.length} of these with every shape known;
MACs are within 3 % for ${counted.filter(isAgreed).length} of ${counted.length}. On the Cortex-A76 all routes of a model agree within 1 % for
${spreads.length - apart.length} of ${spreads.length} models.

What is known of the differences in MACs: torch's counter leaves fused attention out (torchvision publishes 17.56 G for
vit_b_16) and TensorFlow's counts more for EfficientNetB0 than the 0.386 G that torchvision publishes for the same layers;
torch counts products of equal operands twice that exporters merge (topk_gather); sizes that depend on data are assumed
(nonzero, the R-CNNs). Those of xlnet, funnel and siglip_vision are probably products of parameters alone, which are folded.

| category | route | read | all shapes known | of these sizes assumed | MACs within 3 % | incomplete |
|---|---|---|---|---|---|---|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}
${list(
  'Routes that differ by more than 1 %',
  apart.map(
    ({ model, ratio, first, last }) =>
      `- ${model}: ${last.route} takes ${(100 * ratio).toFixed(1)} % longer than ${first.route}`,
  ),
)}${list(
  'Not read',
  made.filter((line) => !isRead(line)).map((line) => `- ${name(line)}: ${line.error}`),
)}${list(
  'Shapes unknown, or incomplete',
  read
    .filter(({ shapeless, complete }) => shapeless > 0 || !complete)
    .map(
      (line) =>
        `- ${name(line)}: ${line.shapeless} of ${line.nodes} nodes${line.complete ? '' : `, incomplete: ${line.uncounted.ops.join(', ')}`}`,
    ),
)}${list(
  'MACs that differ',
  counted
    .filter((line) => !isAgreed(line))
    .map(
      (line) =>
        `- ${name(line)}: ${millions(line.macs)} M, the framework says ${millions(line.expected)} M`,
    ),
)}${list(
  'Not made',
  lines
    .filter(({ notMade }) => notMade !== undefined)
    .map((line) => `- ${name(line)}: ${line.notMade.split('\n')[0].slice(0, 120)}`),
)}`;
writeFileSync(new URL('../../docs/real-models.md', import.meta.url), page);
console.log(page.split('\n## ')[0]);
