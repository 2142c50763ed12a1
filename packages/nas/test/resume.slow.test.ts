import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createRandom } from '@nnmeter/forest';

const BIN = fileURLToPath(new URL('../../cli/bin/nn-meter.js', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./support/evaluator.js', import.meta.url));
/** NNMETER_KILLS=20 for the whole measurement of docs/nas.md. */
const KILLS = Number(process.env.NNMETER_KILLS ?? 6);
const EVALUATIONS = 60;
const SEED = 1;

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

interface Kill {
  /** Evaluations in the journal. */
  readonly after: number;
  /** How much later, ms. */
  readonly delay: number;
}

function run(folder: string, journal: string, more: string[], kill?: Kill): Promise<string> {
  const words = ['nas', 'search', 'space.js', '--predictor', 'cortexA76', '--minimize', 'macs'];
  const evaluator = [
    '--evaluator',
    `"${process.execPath}" "${SCRIPT}" slow`,
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
      String(EVALUATIONS),
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
  if (kill !== undefined) {
    const timer = setInterval(() => {
      if (evaluated(join(folder, journal)) < kill.after) return;
      clearInterval(timer);
      setTimeout(() => child.kill('SIGKILL'), kill.delay);
    }, 2);
    child.once('close', () => clearInterval(timer));
  }
  return new Promise((resolve) => child.once('close', () => resolve(output)));
}

/** Lines of a journal after its first. */
function evaluated(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 2 : -1;
}

test(`kill -9 at ${KILLS} random points, then resumed: the same front, and the same evaluations`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-nas-'));
  writeFileSync(join(folder, 'space.js'), SPACE);
  const whole = await run(folder, 'whole.jsonl', []);
  const random = createRandom(SEED);
  const points = Array.from({ length: KILLS }, () => Math.floor(random() * EVALUATIONS));
  for (const [at, after] of points.sort((a, b) => a - b).entries()) {
    const kill = { after, delay: random() * 60 };
    const output = await run(folder, 'killed.jsonl', at === 0 ? [] : ['--resume'], kill);
    if (evaluated(join(folder, 'killed.jsonl')) < EVALUATIONS) expect(output).toBe('');
  }
  const resumed = await run(folder, 'killed.jsonl', ['--resume']);
  expect(JSON.parse(resumed)).toEqual(JSON.parse(whole));
  const lines = (name: string) =>
    readFileSync(join(folder, name), 'utf8').trim().split('\n').sort();
  expect(lines('killed.jsonl')).toEqual(lines('whole.jsonl'));
}, 600_000);
