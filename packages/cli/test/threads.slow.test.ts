import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { compileSpace } from '@nnmeter/nas';
import { readSpace } from '@nnmeter/nas/node';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import {
  folderWith,
  MOBILENET_V2,
  nnMeterProcess,
  type Prediction,
  parseOutput,
  SMALL_IR,
} from './run.ts';

const SMALL = JSON.stringify(SMALL_IR);

test('a long batch on several threads prints what one thread prints, failures and notes included', async () => {
  const files: Record<string, string> = {};
  for (let index = 0; index < 900; index++)
    files[`${1000 + index}.json`] = index % 50 === 7 ? 'not json' : SMALL;
  const folder = folderWith({ ...files, '1100.txt': 'no model', '1150.onnx': 'no model' });
  for (const style of ['--json', '--kernels']) {
    const args = ['--predictor', 'cortexa76', folder, MOBILENET_V2, style];
    const [one, three] = await Promise.all([
      nnMeterProcess([...args, '--threads', '1']),
      nnMeterProcess([...args, '--threads', '3']),
    ]);
    expect(one.code).toBe(1);
    expect(one.stderr).toContain('1100.txt');
    expect(one.stderr).toContain('1150.onnx');
    expect(three).toEqual(one);
    if (style !== '--json') continue;
    const models = parseOutput<Prediction>('predict', three.stdout).map(({ model }) => model);
    expect(models).toEqual([...models.slice(0, -1).sort(), MOBILENET_V2]);
    expect(models).toHaveLength(884);
  }
});

test('the table of a large space, on several threads, is what one thread makes of it', async () => {
  const labels = Array.from({ length: 60 }, (_, label) => `"${label}"`);
  const folder = folderWith({
    'large.js': `import { isMainThread } from 'node:worker_threads';
import { writeFileSync } from 'node:fs';
const widths = Array.from({ length: 50 }, (_, width) => width + 1);
export default {
  name: 'large',
  input: [1, 3, 8, 8],
  choices: [${labels}].map((label) => [label, widths]),
  build(sample, builder, input) {
    if (!isMainThread) writeFileSync('thread.txt', '');
    const x = builder.input('x', input);
    return builder.build(...Object.values(sample).map((width) => builder.conv(x, width)));
  },
};
`,
  });
  const { code, stdout } = await nnMeterProcess(
    ['nas', 'table', 'large.js', '--predictor', 'cortexa76'],
    folder,
  );
  expect(code).toBe(0);
  expect(existsSync(join(folder, 'thread.txt'))).toBe(availableParallelism() > 1);
  const space = await readSpace(join(folder, 'large.js'));
  const predictors = [await loadLatencyPredictor('cortexa76')];
  expect(JSON.parse(stdout)).toEqual(await compileSpace(space, predictors));
});
