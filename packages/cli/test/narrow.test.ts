import { afterEach, expect, test } from '@jest/globals';
import { DEVICES, folderWith, nnMeter, SMALL_IR } from './run.ts';

const NAME = `${'very_long_'.repeat(9)}name.json`;
const columnsBefore = process.env.COLUMNS;
afterEach(() => {
  if (columnsBefore === undefined) delete process.env.COLUMNS;
  else process.env.COLUMNS = columnsBefore;
});

/** Runs in a terminal of some width; lines for scripts keep their length. */
async function linesAt(width: number, args: readonly string[], folder: string): Promise<string[]> {
  process.env.COLUMNS = String(width);
  const { code, stdout } = await nnMeter(args, folder);
  expect(code).toBe(0);
  return stdout.split('\n').filter((line) => !line.includes('[RESULT]'));
}

const ENTRY = { id: 'resnet18_8', cortexA76cpu_tflite21: 1, graph: SMALL_IR };
const folder = folderWith({
  [NAME]: JSON.stringify(SMALL_IR),
  'b.json': JSON.stringify(SMALL_IR),
  'c.csv': `${NAME},1.5`,
  'd.jsonl': JSON.stringify(ENTRY),
});
const COMMANDS = [
  ['--predictor', 'cortexa76', NAME],
  ['--predictor', 'cortexa76', NAME, 'b.json'],
  [NAME],
  [NAME, 'b.json'],
  ['predictors'],
  ['eval', 'd.jsonl', '--predictor', 'cortexa76'],
  ['calibrate', '--predictor', 'myriad', '--measurements', 'c.csv', '--output', 'e.json'],
];

test.each([40, 60, 79])('in %i columns no table is wider', async (width) => {
  for (const args of COMMANDS) {
    const lines = (await linesAt(width, args, folder)).filter((line) => /\S {2,}\S/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  }
});

test('several models on several devices: a column each, or a row where that is too wide', async () => {
  const args = [NAME, 'b.json'];
  const wide = await linesAt(100, args, folder);
  const narrow = await linesAt(60, args, folder);
  const shown = (lines: readonly string[]) => lines.join(' ').match(/\d+\.\d+(?= |$)/g);
  expect(shown(wide)).toHaveLength(2 * DEVICES.length);
  expect(shown(narrow)).toEqual(shown(wide));
  for (const device of DEVICES) {
    expect(narrow.filter((line) => line.includes(device))).toHaveLength(2);
  }
});
