import { afterEach, expect, test } from '@jest/globals';
import { folderWith, nnMeter, SMALL_IR } from './run.ts';

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

const folder = folderWith({
  [NAME]: JSON.stringify(SMALL_IR),
  'c.csv': `${NAME},1.5`,
});
const COMMANDS = [
  ['--predictor', 'cortexa76', NAME],
  ['predictors'],
  ['calibrate', '--predictor', 'myriad', '--measurements', 'c.csv', '--output', 'e.json'],
];

test('the tables of all commands keep to the width of a narrow terminal', async () => {
  for (const args of COMMANDS) {
    const lines = (await linesAt(40, args, folder)).filter((line) => /\S {2,}\S/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => line.length > 40)).toEqual([]);
  }
});
