// Fills the marked parts of the READMEs from what the code really does, so that no figure is typed by hand:
//   <!-- output: nn-meter ... --> ... <!-- /output -->   the command and what it prints (JSON is indented)
//   <!-- accuracy --> ... <!-- /accuracy -->             the held-out accuracy in predictors/*/manifest.json
//   <!-- accuracy of DEVICE --> ... <!-- /accuracy -->   the same of one predictor, in detail
//   <!-- accuracy of learned devices --> ...             that of each setting of the devices in predictors/learned
//   <!-- printed --> ... <!-- /printed -->               what the JavaScript example before it prints
//   <!-- ops --> ... <!-- /ops -->                       the canonical ops by their rows, those alike in one line
//   <!-- unexportable ops --> ... <!-- /ops -->          those that ONNX files cannot have, and why; `of tflite` the others'
//   <!-- assumed sizes --> ... <!-- /assumed sizes -->   what can be assumed of sizes that depend on data, and defaults
// `node scripts/update-readmes.mjs` writes, `--check` only says whether something is out of date (exit code 1).
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UNEXPORTABLE_OPS } from '@nnmeter/export-onnx';
import { UNEXPORTABLE_OPS as UNEXPORTABLE_TO_TFLITE } from '@nnmeter/export-tflite';
import { assumedSizes, opRow, ops } from '@nnmeter/ir';
import { DEVICES, LEARNED_DEVICES, medianAndWorst, percent } from './accuracy-records.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const READMES = [
  'README.md',
  'packages/cli/README.md',
  'packages/export-onnx/README.md',
  'packages/export-tflite/README.md',
  'packages/ir/README.md',
  'packages/predictor/README.md',
  'packages/training/README.md',
  'docs/add-a-device.md',
  'docs/add-a-frontend.md',
  'docs/add-a-fusion-rule.md',
  'docs/add-an-op.md',
  ...DEVICES.map(({ folder }) => `predictors/${folder}/README.md`),
  'predictors/learned/README.md',
];

const check = process.argv.includes('--check');
let outdated = 0;
for (const name of READMES) {
  const path = join(ROOT, name);
  const before = readFileSync(path, 'utf8');
  const after = before
    .replace(/(<!-- output: (.+?) -->\n)[\s\S]*?(<!-- \/output -->)/g, (_, start, command, end) => {
      return `${start}${runCommand(command)}${end}`;
    })
    .replace(/(<!-- accuracy -->\n)[\s\S]*?(<!-- \/accuracy -->)/g, (_, start, end) => {
      return `${start}\n${accuracyTable()}\n${end}`;
    })
    .replace(
      /(<!-- accuracy of (\w+) -->\n)[\s\S]*?(<!-- \/accuracy -->)/g,
      (_, start, folder, end) => `${start}\n${accuracyOf(folder)}\n${end}`,
    )
    .replace(
      /(<!-- accuracy of learned devices -->\n)[\s\S]*?(<!-- \/accuracy -->)/g,
      (_, start, end) => `${start}\n${learnedTable()}\n${end}`,
    )
    .replace(/(<!-- ops -->\n)[\s\S]*?(<!-- \/ops -->)/g, (_, start, end) => {
      return `${start}\n${opsTable()}\n${end}`;
    })
    .replace(/(<!-- unexportable ops -->\n)[\s\S]*?(<!-- \/ops -->)/g, (_, start, end) => {
      return `${start}\n${unexportableOps(UNEXPORTABLE_OPS)}\n${end}`;
    })
    .replace(
      /(<!-- unexportable ops of tflite -->\n)[\s\S]*?(<!-- \/ops -->)/g,
      (_, start, end) => `${start}\n${unexportableOps(UNEXPORTABLE_TO_TFLITE)}\n${end}`,
    )
    .replace(/(<!-- assumed sizes -->\n)[\s\S]*?(<!-- \/assumed sizes -->)/g, (_, start, end) => {
      return `${start}\n${assumedSizesTable()}\n${end}`;
    })
    .replace(
      /(```js\n((?:(?!```)[\s\S])*)```\n\n<!-- printed -->\n)[\s\S]*?(<!-- \/printed -->)/g,
      (_, start, program, end) => `${start}\n${runExample(name, program)}\n${end}`,
    );
  if (after === before) continue;
  outdated++;
  if (check) console.error(`${name} is out of date; run: node scripts/update-readmes.mjs`);
  else writeFileSync(path, after);
}
process.exitCode = check && outdated > 0 ? 1 : 0;

function runCommand(command) {
  const [, ...args] = command.split(' ');
  const run = spawnSync(process.execPath, [join(ROOT, 'packages/cli/bin/nn-meter.js'), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const output = args.includes('--json') ? readableJson(run.stdout) : run.stderr + run.stdout;
  const lines = output.trimEnd().replace(/\n{3,}/g, '\n\n');
  return `\`\`\`console\n$ ${command}\n${lines}\n\`\`\`\n`;
}

/** Indented, with short arrays and objects on one line. */
function readableJson(text) {
  return JSON.stringify(JSON.parse(text), null, 2).replace(
    /[[{]\s[^[\]{}]{0,90}?\s[\]}]/g,
    (inner) => {
      const line = inner.replace(/\s+/g, ' ');
      return line.length <= 90 ? line : inner;
    },
  );
}

/** Runs a README's example as a program of a project that has every package installed, among the ONNX fixtures. */
function runExample(name, program) {
  const file = join(ROOT, '.example.mjs');
  writeFileSync(file, program);
  const options = { cwd: join(ROOT, 'fixtures/onnx'), encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], options);
  rmSync(file);
  if (status !== 0) throw new Error(`the example in ${name} fails:\n${stderr}`);
  return `\`\`\`\n${stdout.trimEnd()}\n\`\`\`\n`;
}

/** Ops with the same attributes and the same cost kind share a line. */
function opsTable() {
  const lines = new Map();
  for (const op of ops) {
    const { attributes, cost, note } = opRow(op);
    const named = Object.entries(attributes).map(
      ([name, { optional }]) => `\`${name}${optional ? '?' : ''}\``,
    );
    const rest = `${named.join(', ')} | ${cost}`;
    const shown = note === undefined ? `\`${op}\`` : `\`${op}\` (${note})`;
    lines.set(rest, [...(lines.get(rest) ?? []), shown]);
  }
  const rows = [...lines].map(([rest, names]) => `| ${names.join(', ')} | ${rest} |\n`);
  return `| ops | attributes | costs like |\n|---|---|---|\n${rows.join('')}`;
}

function unexportableOps(unexportable) {
  const reasons = new Map();
  for (const [op, reason] of Object.entries(unexportable)) {
    reasons.set(reason, [...(reasons.get(reason) ?? []), `\`${op}\``]);
  }
  return [...reasons].map(([reason, names]) => `- ${names.join(', ')}: ${reason}\n`).join('');
}

function assumedSizesTable() {
  const rows = Object.entries(assumedSizes).map(
    ([name, { size, of }]) => `| \`${name}\` | ${size} | ${of} |\n`,
  );
  return `| name | default | size |\n|---|---|---|\n${rows.join('')}`;
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(ROOT, 'predictors', folder, 'manifest.json'), 'utf8'));
}

function accuracyOf(folder) {
  const { heldOut, models, trainedOn, date, dataHash } = readManifest(folder);
  const rows = [
    ['within 5 % of the measurement', percent(heldOut.within5, 2)],
    ['within 10 %', percent(heldOut.within10, 2)],
    ['within 15 %', percent(heldOut.within15, 2)],
    ['root mean square percentage error', percent(heldOut.rmspe, 2)],
    ['mean absolute percentage error', percent(heldOut.mape, 2)],
    ['bias', percent(heldOut.bias, 2)],
    ['root mean square error', `${heldOut.rmse.toFixed(3)} ms`],
  ];
  return (
    `| ${heldOut.count} models that training did not see | |\n|---|--:|\n` +
    rows.map(([name, value]) => `| ${name} | ${value} |\n`).join('') +
    `\nTrained on ${date.slice(0, 10)} with ${models} models: ${trainedOn}.\n` +
    `Hash of the data: \`${dataHash.slice(0, 16)}\`.\n`
  );
}

function accuracyTable() {
  const rows = DEVICES.map(({ folder, title, published }) => {
    const { heldOut, protocols } = readManifest(folder);
    const { within5, within10, rmspe, count } = heldOut;
    const unseen = percent(medianAndWorst(protocols.unseenFamilies).median);
    return `| ${title} | ${percent(within10)} | ${percent(within5)} | ${percent(rmspe)} | ${count} | ${unseen} | ${percent(published)} |\n`;
  });
  return (
    '| device | within 10 % | within 5 % | RMSPE | held-out models | unseen family, median | nn-Meter, within 10 % |\n' +
    `|---|--:|--:|--:|--:|--:|--:|\n${rows.join('')}`
  );
}

function learnedTable() {
  const rows = LEARNED_DEVICES.flatMap(({ title, settings }) =>
    settings.map(
      ({ precision, cores = '-', learned: { unseen } }) =>
        `| ${title} | ${precision} | ${cores} | ${percent(unseen.within10)} | ${percent(unseen.rmspe)} |\n`,
    ),
  );
  return `| device | precision | cores | within 10 % | RMSPE |\n|---|---|---|--:|--:|\n${rows.join('')}`;
}
