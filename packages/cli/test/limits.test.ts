import { expect, test } from '@jest/globals';
import {
  folderWith,
  MOBILENET_V2,
  nnMeter,
  type Prediction,
  parseOutput,
  RESNET18,
  SMALL_IR,
} from './run.ts';

const CORTEX = ['--predictor', 'cortexA76'];
const WIDE = ['--max-ms', '1000000', '--max-memory', '1GiB', '--max-params', '1B'];

test('a model over a limit is predicted all the same, and fails with the reason', async () => {
  const limits = ['--max-ms', '1000000', '--max-memory', '1GB', '--max-params', '5M'];
  const run = await nnMeter([RESNET18, MOBILENET_V2, ...limits, '--json']);
  expect(run.code).toBe(1);
  expect(run.stderr).toBe(
    `nn-meter: over limit: ${RESNET18}: 11.7 M parameters are over the limit of 5.00 M\n`,
  );
  expect(parseOutput<Prediction>('predict', run.stdout)).toHaveLength(8);
});

test('every limit names the device that it is over on', async () => {
  const limits = ['--max-ms', '0.5', '--max-memory', '19531.25KiB'];
  const { code, stderr } = await nnMeter([MOBILENET_V2, ...CORTEX, ...limits]);
  expect(code).toBe(1);
  expect(stderr.split('\n').map((line) => line.replace(/^.*mobilenet_v2\.onnx: /, ''))).toEqual([
    expect.stringMatching(
      /^\d+\.\d\d ms on cortexA76cpu_tflite21 are over the limit of 0\.500 ms$/,
    ),
    // 13.95 MB of weights (3.49 M parameters) and 6.62 MB, as LiteRT's arena.
    '20.5 MB of weights and activations on cortexA76cpu_tflite21 are over the limit of 20.0 MB',
    '',
  ]);
});

test('within all limits nothing fails', async () => {
  expect(await nnMeter([MOBILENET_V2, ...CORTEX, ...WIDE])).toMatchObject({ code: 0, stderr: '' });
});

test('what is not fully known keeps to no limit', async () => {
  const { relu1: _, ...others } = SMALL_IR;
  const layer = (type: string, inbounds: string[], outbounds: string[], attr = {}) => ({
    ...{ inbounds, outbounds },
    attr: { type, input_shape: [], attr },
  });
  const boxes = {
    ...others,
    relu1: layer('RoiAlign', ['conv1'], ['scores']),
    scores: layer('MatMul', ['relu1'], [], { weight_shape: [1024, 91] }),
  };
  const folder = folderWith({ 'a.json': JSON.stringify(boxes) });
  const { code, stderr } = await nnMeter(['a.json', ...CORTEX, ...WIDE], folder);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /a\.json: whether it keeps to the limit of .* ms on .* is unknown: 2 nodes/,
  );
  expect(stderr).toMatch(/is unknown: activations without a known shape: 2$/m);
});

test.each([
  ['--max-ms', '0'],
  ['--max-ms', '5ms'],
  ['--max-ms=-3', ''],
  ['--max-memory', '5 apples'],
  ['--max-memory', 'NaN'],
  ['--max-params', '1e400'],
  ['--max-params', 'constructor'],
])('%s %s is no limit', async (...words) => {
  const run = await nnMeter([RESNET18, ...CORTEX, ...words.filter(Boolean)]);
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toMatch(/--max-\w+ .* is no limit; write .* \(E_USAGE\)\n$/);
});
