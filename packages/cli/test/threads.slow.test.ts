import { expect, test } from '@jest/globals';
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
