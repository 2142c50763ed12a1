// Fills the marked parts of the READMEs from what the code really does, so that no figure is typed by hand:
//   <!-- output: nn-meter ... --> ... <!-- /output -->   the command and what it prints (JSON is indented)
//   <!-- accuracy --> ... <!-- /accuracy -->             the held-out accuracy in predictors/*/manifest.json
// `node scripts/update-readmes.mjs` writes, `--check` only says whether something is out of date (exit code 1).
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const READMES = ['README.md', 'packages/cli/README.md'];
const DEVICES = [
  { folder: 'cortexa76', title: 'Pixel 4, Cortex-A76 CPU', published: 0.99 },
  { folder: 'adreno640', title: 'Mi 9, Adreno 640 GPU', published: 0.991 },
  { folder: 'adreno630', title: 'Pixel 3 XL, Adreno 630 GPU', published: 0.99 },
  { folder: 'myriadvpu', title: 'Intel NCS2, Myriad X VPU', published: 0.834 },
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
    });
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

function accuracyTable() {
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const rows = DEVICES.map(({ folder, title, published }) => {
    const path = join(ROOT, 'predictors', folder, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    const { within5, within10, rmspe, count } = manifest.heldOut;
    return `| ${title} | ${percent(within10)} | ${percent(within5)} | ${percent(rmspe)} | ${count} | ${percent(published)} |\n`;
  });
  return (
    '| device | within 10 % | within 5 % | RMSPE | held-out models | nn-Meter, within 10 % |\n' +
    `|---|--:|--:|--:|--:|--:|\n${rows.join('')}`
  );
}
