import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const BIN = fileURLToPath(new URL('../../cli/bin/nn-meter.js', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./support/evaluator.js', import.meta.url));
const KILLS = 6;

const SPACE = `export default {
  name: 'digits',
  input: [1, 3, 8, 8],
  choices: Object.fromEntries([...'abcdef'].map((label) => [label, [0, 1, 2, 3]])),
  build(sample, builder, input) {
    let x = builder.input('x', input);
    for (const digit of Object.values(sample)) x = builder.relu(builder.conv(x, 4 + digit));
    return builder.build(x);
  },
};
`;

function run(folder: string, journal: string, more: string[], killAfter?: number): Promise<string> {
  const words = ['nas', 'search', 'space.js', '--predictor', 'cortexA76', '--minimize', 'macs'];
  const evaluator = [
    '--evaluator',
    `"${process.execPath}" "${SCRIPT}" good`,
    '--maximize',
    'accuracy',
  ];
  const child = spawn(
    process.execPath,
    [
      BIN,
      ...words,
      ...evaluator,
      '--evaluations',
      '60',
      '--parallel',
      '2',
      '--journal',
      journal,
      '--json',
      ...more,
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let output = '';
  child.stdout.on('data', (piece) => {
    output += piece;
  });
  if (killAfter !== undefined) {
    const timer = setInterval(() => {
      const path = join(folder, journal);
      const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').length : 0;
      if (lines > killAfter) child.kill('SIGKILL');
    }, 5);
    child.once('close', () => clearInterval(timer));
  }
  return new Promise((resolve) => child.once('close', () => resolve(output)));
}

test(`kill -9 at ${KILLS} points, then resumed: the same front, and the same evaluations`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-nas-'));
  writeFileSync(join(folder, 'space.js'), SPACE);
  const whole = await run(folder, 'whole.jsonl', []);
  for (let kill = 0; kill < KILLS; kill++)
    await run(folder, 'killed.jsonl', kill === 0 ? [] : ['--resume'], 3 + 8 * kill);
  const resumed = await run(folder, 'killed.jsonl', ['--resume']);
  expect(JSON.parse(resumed)).toEqual(JSON.parse(whole));
  const lines = (name: string) =>
    readFileSync(join(folder, name), 'utf8').trim().split('\n').sort();
  expect(lines('killed.jsonl')).toEqual(lines('whole.jsonl'));
}, 300_000);
