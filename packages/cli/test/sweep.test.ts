import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { MOBILENET_V2, nnMeter, parseOutput } from './run.ts';

const fixture = (name: string): string =>
  join(fileURLToPath(new URL('../../../fixtures/onnx', import.meta.url)), `${name}.onnx`);
interface Sweep {
  readonly points: readonly {
    readonly value: number;
    readonly size: { readonly macs: number };
    readonly predictions: readonly { latencyMs: number; interval: unknown }[];
  }[];
}

const CPU = ['--predictor', 'cortexA76'];

test('a row for each value says what predict says', async () => {
  const swept = await nnMeter([MOBILENET_V2, '--sweep', 'resolution=128..192/64', '--json']);
  expect(swept).toMatchObject({ code: 0, stderr: '' });
  const [sweep] = parseOutput<Sweep>('sweep', swept.stdout) as [Sweep];
  expect(sweep).toMatchObject({ model: MOBILENET_V2, type: 'onnx', variable: 'resolution' });
  for (const point of sweep.points) {
    const shape = `1,3,${point.value},${point.value}`;
    const one = await nnMeter([MOBILENET_V2, '--input-shape', shape, '--json']);
    const reports = JSON.parse(one.stdout);
    expect(point.predictions).toHaveLength(4);
    expect(point.size).toEqual(reports[0].size);
    for (const [index, { latencyMs, interval }] of point.predictions.entries())
      expect(reports[index]).toMatchObject({ latencyMs, interval });
  }
  const text = await nnMeter([MOBILENET_V2, '--sweep', 'resolution=128,192', ...CPU]);
  const ms = sweep.points[0]!.predictions[0]!.latencyMs.toFixed(2);
  expect(text.stdout).toMatch(new RegExp(`^ +128 +${ms}\\*`, 'm'));
});

test('what a model cannot be stands beside the rest, and fails only if it is all', async () => {
  const args = [fixture('tiny_vit'), ...CPU, '--sweep'];
  const partly = await nnMeter([...args, 'batch=1,2']);
  expect(partly).toMatchObject({ code: 0, stderr: '' });
  const none = await nnMeter([...args, 'resolution=16..48/16']);
  expect(none).toMatchObject({ code: 1, stderr: '' });
  expect(none.stdout).toMatch(/^ +16 +failed/m);
  expect(none.stdout).toMatch(/^resolution 16: .*node "\/Add" \(Add\)/m);
});

test('a named dimension, and channels', async () => {
  const named = await nnMeter([
    fixture('dynamic_lstm'),
    ...CPU,
    '--sweep',
    'length=8,16',
    '--json',
  ]);
  const [{ points }] = parseOutput<Sweep>('sweep', named.stdout) as [Sweep];
  expect(points[1]!.size.macs / points[0]!.size.macs).toBeCloseTo(2, 2);
  const long = [fixture('dynamic_lstm'), ...CPU, '--dimension', 'length=16', '--json'];
  const [{ latencyMs }] = JSON.parse((await nnMeter(long)).stdout);
  expect(latencyMs).toBe(points[1]!.predictions[0]!.latencyMs);
  const shape = ['--input-shape', '1,9', '--sweep', 'length=8,16', '--json'];
  const shaped = await nnMeter([fixture('dynamic_lstm'), ...CPU, ...shape]);
  expect(parseOutput<Sweep>('sweep', shaped.stdout)[0]!.points).toEqual(points);
  const networks = ['--torchvision', 'resnet18', ...CPU];
  const wide = await nnMeter([...networks, '--sweep', 'channels=0.5..1/0.5', '--json']);
  const [{ points: widths }] = parseOutput<Sweep>('sweep', wide.stdout) as [Sweep];
  expect(widths[0]!.size.macs / widths[1]!.size.macs).toBeCloseTo(0.27, 2);
});

test.each([
  [['resolution'], /--sweep resolution is not understood; write resolution=32\.\.1024/],
  [['resolution=a..b'], /is not understood/],
  [['=1,2'], /is not understood/],
  [['batch=4..1'], /4 to 1 is no range of whole numbers above 0/],
  [['batch=0,1'], /0 is no value for batch/],
  [['batch=1..9999999/1'], /1000 are the most/],
  [['channels=1000'], /not from 0.01 to 100/],
  [['sequence=3'], /has no "sequence" to vary, but resolution, batch, channels/],
  [['batch=1,2', '--kernels'], /--sweep and --kernels do not go together/],
  [['batch=1,2', '--max-ms', '3'], /--sweep and --max-ms do not go together/],
  [['length=0', fixture('dynamic_lstm')], /0 is no value for length, which takes whole/],
])('--sweep %s is an error', async (words, message) => {
  const { code, stdout, stderr } = await nnMeter([MOBILENET_V2, ...CPU, '--sweep', ...words]);
  expect(code).toBe(1);
  expect(stdout + stderr).toMatch(message);
});
