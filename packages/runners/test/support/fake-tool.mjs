// A program that answers as it was recorded: node fake-tool.mjs FOLDER NAME ARGUMENTS...
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, name, ...given] = process.argv.slice(2);
const line = given.join(' ');
appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify([name, ...given])}\n`);

const answers = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8'));
const answer = answers.find((each) => each.tool === name && line.includes(each.when ?? ''));
if (answer === undefined) {
  console.error(`${name}: not recorded: ${line}`);
  process.exit(2);
}
const { stdout = '', stderr = '', exit = 0, files = {}, msPerRun = 0 } = answer;
for (const [flag, text] of Object.entries(files)) {
  const at = given.findIndex((argument) => argument.startsWith(flag));
  if (at < 0) continue;
  const [, joined] = given[at].split('=');
  writeFileSync(joined ?? given[at + 1], text);
}
const runs = /(?:num_runs=|iterations=|-niter )(\d+)/.exec(line)?.[1] ?? 0;
setTimeout(() => {
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exit;
}, msPerRun * Number(runs));
