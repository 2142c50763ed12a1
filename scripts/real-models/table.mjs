// Writes docs/real-models.md and docs/cross-check.md from the lines of inspect.mjs: node scripts/real-models/table.mjs RESULTS.jsonl
// What is known of differences stands in reasons.json; a difference without a reason is shown as such.
import { readFileSync, writeFileSync } from 'node:fs';
import { DEVICES, groupBy, readLines, referenceOf } from './common.mjs';

const MACS_WITHIN = 0.03;
const MS_WITHIN = 0.01;

/** Routes of files, by framework, and how the tables call them. */
const FILE_ROUTES = {
  torch: { onnx: 'ONNX (TorchScript)', 'onnx-dynamo': 'ONNX (dynamo)', pt2: '.pt2' },
  tensorflow: {
    tflite: '.tflite',
    pb: 'frozen .pb',
    saved_model: 'SavedModel',
    'tflite-fp16': '.tflite, float16',
    'tflite-dynamic': '.tflite, dynamic range',
    'tflite-int8': '.tflite, int8',
  },
};
/** What is made of the reference by ourselves. */
const OWN_ROUTES = {
  name: 'by name',
  'nn-Meter IR': 'nn-Meter IR',
  'exported ONNX': 'exported ONNX',
};

const reasons = JSON.parse(readFileSync(new URL('reasons.json', import.meta.url), 'utf8'));
const lines = readLines(process.argv[2]);
const isFile = ({ route }) => !(route in OWN_ROUTES);
const made = lines.filter((line) => isFile(line) && line.notMade === undefined);
const isRead = ({ error }) => error === undefined;
const isAgreed = ({ macs, expected }) => Math.abs(macs / expected - 1) <= MACS_WITHIN;
const share = (part, whole) => (whole === 0 ? '-' : `${part} of ${whole}`);
const percent = (ratio) => `${(100 * ratio).toFixed(1)} %`;
const name = ({ model, route }) => `${model} (${route})`;
const millions = (macs) => (macs < 1e6 ? (macs / 1e6).toPrecision(2) : (macs / 1e6).toFixed(1));
const table = (heads, rows) =>
  [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const list = (title, items) => (items.length === 0 ? '' : `\n## ${title}\n\n${items.join('\n')}\n`);

/** The reason for a difference of a model: of one of its routes, or of all. */
function reasonFor(kind, { model, route }) {
  const found = reasons[kind].find(
    ({ models, routes }) =>
      models.includes(model) && (routes === undefined || routes.includes(route)),
  );
  if (found === undefined) console.log(`no reason known (${kind}): ${model} (${route})`);
  return found?.reason ?? 'reason unknown';
}

/** A line for the routes of a model that have the same figures. */
function differing(rows) {
  const groups = groupBy(rows, (row) => {
    const [ours, theirs] = [row.macs, row.expected].map(millions);
    return `${row.model}|${ours} M, the framework says ${theirs} M: ${reasonFor('macs', row)}`;
  });
  return [...groups].map(([key, same]) => {
    const [model, figures] = key.split('|');
    return `- ${model} (${same.map(({ route }) => route).join(', ')}): ${figures}`;
  });
}

function realModels() {
  const read = made.filter(isRead);
  const counted = read.filter(({ expected }) => expected > 0);
  const shaped = read.filter(({ shapeless }) => shapeless === 0);
  const groups = groupBy(made, ({ category, route }) => `${category}|${route}`);
  const rows = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, group]) => {
      const ours = group.filter(isRead);
      const ofCounter = ours.filter(({ expected }) => expected > 0);
      return [
        ...key.split('|'),
        share(ours.length, group.length),
        share(ours.filter(({ shapeless }) => shapeless === 0).length, ours.length),
        share(ours.filter(({ assumed }) => assumed.length > 0).length, ours.length),
        share(ofCounter.filter(isAgreed).length, ofCounter.length),
        share(ours.filter(({ complete }) => !complete).length, ours.length),
      ];
    });
  const heads = [
    'category',
    'route',
    'read',
    'all shapes known',
    'of these sizes assumed',
    `MACs within ${100 * MACS_WITHIN} %`,
    'incomplete',
  ];
  const models = new Set(made.map(({ model }) => model));
  return `# Models as people have them

${models.size} models in ${made.length} files, made by \`scripts/real-models/make.py\` with the exporters of PyTorch and TensorFlow,
weights random, and read by \`inspect.mjs\` beside it; this page is written by \`table.mjs\`. MACs are compared with the framework's
own counter (torch.utils.flop_counter, tf.compat.v1.profiler), which knows neither recurrent layers nor quantised ops.

${read.length} of ${made.length} files are read, ${shaped.length} of these (${percent(shaped.length / read.length)}) with every shape known; MACs are within 3 % for
${counted.filter(isAgreed).length} of ${counted.length}, and for the others it is said why. How far the routes of a network agree is in [cross-check.md](cross-check.md).

${table(heads, rows)}
${list(
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
)}${list('MACs that differ', differing(counted.filter((line) => !isAgreed(line))))}${list(
  'Not made',
  lines
    .filter(({ notMade }) => notMade !== undefined)
    .map((line) => `- ${name(line)}: ${line.notMade.split('\n')[0].slice(0, 120)}`),
)}`;
}

/** The difference that is largest, by amount, of a row's latencies from those of the reference. */
function difference(row, reference) {
  const found = DEVICES.map((device) => ({
    device,
    ratio: row.ms[device] / reference.ms[device] - 1,
  }));
  return found.reduce((a, b) => (Math.abs(b.ratio) > Math.abs(a.ratio) ? b : a));
}

function crossCheck() {
  const networks = [...groupBy(lines, ({ model }) => model)].flatMap(([model, rows]) => {
    const reference = referenceOf(rows, ({ ms }) => ms !== undefined);
    const files = rows.filter((row) => isFile(row) && row.ms !== undefined);
    return files.length < 2 ? [] : [{ model, rows, reference }];
  });
  const apart = [];
  let cells = 0;
  const cell = ({ rows, reference }, route) => {
    const row = rows.find((each) => each.route === route);
    if (row === undefined) return '';
    if (row === reference) return 'reference';
    if (row.notMade !== undefined) return 'not made';
    if (row.ms === undefined) return 'refused';
    cells++;
    const { device, ratio } = difference(row, reference);
    if (Math.abs(ratio) <= MS_WITHIN) return percent(Math.abs(ratio));
    apart.push({ ...row, device, ratio, reference });
    return `**${percent(ratio)}**`;
  };
  const matrix = (framework) => {
    const routes = { ...FILE_ROUTES[framework], ...OWN_ROUTES };
    const own = networks.filter(({ rows }) =>
      rows.some(({ route }) => route in FILE_ROUTES[framework]),
    );
    const used = Object.entries(routes).filter(([route]) =>
      own.some(({ rows }) => rows.some((row) => row.route === route)),
    );
    const body = own.map((network) => [
      network.model,
      ...used.map(([route]) => cell(network, route)),
    ]);
    return table(['network', ...used.map(([, title]) => title)], body);
  };
  const matrices = { torch: matrix('torch'), tensorflow: matrix('tensorflow') };
  const refused = lines.filter((line) => !isFile(line) && line.error !== undefined);
  const byReason = groupBy(refused, ({ error }) =>
    error.replace(/^.*?: /, '').replace(/node "[^"]*"/, 'node'),
  );
  const explained = groupBy(apart, (row) => `${reasonFor('routes', row)}|${row.route}`);
  return `# The same network by different routes

${networks.length} networks, each by every route that its framework offers and by our own: the corpus of [real-models.md](real-models.md), made and
measured by the scripts in \`scripts/real-models\`. A cell is the largest difference in latency over the four devices
(${DEVICES.join(', ')}) from the reference, which is the ONNX file of PyTorch's TorchScript exporter (where there is none, that of
the dynamo exporter) or the float .tflite. ${cells - apart.length} of ${cells} cells are within 1 %; the others are bold and explained below.
Networks of two frameworks are not compared: Keras' ResNet50 strides elsewhere than torchvision's, its MobileNetV2 pads elsewhere.

One kernel detection serves all formats: it brings graphs into a normal form first (\`packages/kernel-detect/src/normal-form\`) and
then knows every spelling of a block (\`src/blocks\`). \`node scripts/real-models/compare.mjs FILE FILE\` shows the kernels in which two
files differ.

## PyTorch

${matrices.torch}

## TensorFlow

${matrices.tensorflow}

## Over 1 %

${[...explained]
  .map(([key, rows]) => {
    const [reason] = key.split('|');
    const shown = rows.map(({ model, device, ratio }) => `${model} ${percent(ratio)} on ${device}`);
    return `- ${rows[0].route}: ${shown.join('; ')}: ${reason}`;
  })
  .join('\n')}

## What decides

${reasons.decisions.map((decision) => `- ${decision}`).join('\n')}
${list(
  'Refused on the way out',
  [...byReason].map(([error, rows]) => `- ${rows.map(name).join(', ')}: ${error}`),
)}`;
}

const pages = { 'real-models': realModels(), 'cross-check': crossCheck() };
for (const [page, text] of Object.entries(pages)) {
  writeFileSync(new URL(`../../docs/${page}.md`, import.meta.url), text);
}
