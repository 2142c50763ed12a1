import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { onWindows, testIf } from '../../../tests/support/test-if.ts';
import {
  folderWith,
  MOBILENET_V1_PB,
  nnMeter,
  node,
  type Prediction,
  parseOutput,
  RESNET18,
  SMALL_IR,
} from './run.ts';

const ONNX = readFileSync(RESNET18);
const PB = readFileSync(MOBILENET_V1_PB);
const PNG = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489',
  'hex',
);
const SHAPE = [[1, 8, 8, 4]];

const CYCLE = {
  a: node('Relu', ['b'], ['b'], SHAPE, SHAPE),
  b: node('Relu', ['a'], ['a'], SHAPE, SHAPE),
};
const HUGE = {
  ...SMALL_IR,
  relu1: node('Relu', ['conv1'], [], [[1, 2 ** 62, 4, 4]], [[1, 2 ** 62, 4, 4]]),
};
const PROTO = `{"__proto__": {"polluted": true, "attr": {"type": "Relu"}}, "constructor": 1}`;

test('each bad file gets one clear error, in its place and as one line', async () => {
  const files = {
    'empty.onnx': '',
    'image.onnx': PNG,
    'random.onnx': Buffer.from(
      fc.sample(fc.uint8Array({ minLength: 999 }), { seed: 1, numRuns: 1 })[0]!,
    ),
    'truncated.onnx': ONNX.subarray(0, ONNX.length >> 1),
    'cut.onnx': ONNX.subarray(0, ONNX.length - 3),
    'truncated.pb': PB.subarray(0, PB.length >> 1),
    'image.pb': PNG,
    'cycle.json': JSON.stringify(CYCLE),
    'deep.json': `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
    'huge.json': JSON.stringify(HUGE),
    'list.json': '[1, 2, 3]',
    'negative.json': JSON.stringify({ x: node('Relu', [], [], [[1, -5, 4, 4]], [[1, -5, 4, 4]]) }),
    'number.json': '7',
    'proto.json': PROTO,
    'truncated.json': JSON.stringify(SMALL_IR).slice(0, -20),
  };
  const folder = folderWith(files);
  mkdirSync(join(folder, 'folder.onnx'));
  const pipes = onWindows ? [] : ['pipe.onnx'];
  for (const pipe of pipes) execFileSync('mkfifo', [join(folder, pipe)]);
  const options = { onnx: '--onnx', pb: '--tensorflow', json: '--nn-meter-ir' } as const;
  const names = [...Object.keys(files), 'missing.onnx', ...pipes, 'folder.onnx'];
  const args = names.flatMap((name) => [options[name.split('.')[1] as keyof typeof options], name]);
  const run = await nnMeter(['--json', '--predictor', 'cortexa76', ...args], folder);

  expect(run.code).toBe(1);
  const failures = parseOutput<Prediction>('predict', run.stdout);
  expect(new Set(failures.map(({ model }) => model))).toEqual(new Set(names));
  for (const { model, error } of failures) {
    expect({ model, code: error?.code }).toEqual({ model, code: expect.stringMatching(/^E_/) });
    expect(error?.code).not.toBe('E_INTERNAL');
  }
  const lines = run.stderr.trim().split('\n');
  expect(lines).toHaveLength(names.length);
  for (const name of names) expect(lines.filter((line) => line.includes(name))).toHaveLength(1);
});

const mayReadEverything = onWindows || process.getuid?.() === 0;
testIf(!mayReadEverything, 'nothing is unreadable here')('an unreadable file says so', async () => {
  const folder = folderWith({ 'secret.onnx': ONNX });
  chmodSync(join(folder, 'secret.onnx'), 0);
  const { code, stderr } = await nnMeter(['--onnx', 'secret.onnx'], folder);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^nn-meter: error: .*secret\.onnx.*permission denied.*\n$/);
});

test('a model whose input has no shape asks for it; the others are predicted', async () => {
  const { input, ...others } = SMALL_IR;
  const shapeless = {
    input: node('Placeholder', [], ['conv1'], [], []),
    conv1: { ...others.conv1, attr: { ...others.conv1.attr, input_shape: [], output_shape: [] } },
  };
  const folder = folderWith({
    'a.json': JSON.stringify(shapeless),
    'b.json': JSON.stringify(SMALL_IR),
  });
  const args = ['--predictor', 'cortexa76', '--json', '--nn-meter-ir'];
  const run = await nnMeter([...args, 'a.json', 'b.json'], folder);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/^nn-meter: error: a\.json: .*--input-shape input=.*\n$/);
  const [a, b] = parseOutput<Prediction>('predict', run.stdout);
  expect(a).toMatchObject({ model: 'a.json', error: { code: 'E_MISSING_DIMENSION' } });
  expect(b).toMatchObject({ model: 'b.json', latencyMs: expect.any(Number) });
  const given = await nnMeter([...args, 'a.json', '--input-shape', '1,56,56,3'], folder);
  expect(given).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  ['a folder', (path: string) => mkdirSync(path), /the configuration: .*config\.json": it is a fo/],
  ['a pipe', (path: string) => execFileSync('mkfifo', [path]), /config\.json": it is a device/],
  ['too long', (path: string) => writeFileSync(path, ' '.repeat(2e6)), /config\.json" has over/],
  ['broken', (path: string) => writeFileSync(path, '{'), /config\.json is not JSON/],
])(
  'a configuration that is %s is a warning, or an error where it matters',
  async (_, make, why) => {
    const folder = folderWith({ 'small.json': JSON.stringify(SMALL_IR) });
    make(join(folder, 'config.json'));
    const nnMeterThere = (...args: string[]) => nnMeter(args, folder, folder);
    const [one, all, listed, old] = await Promise.all([
      nnMeterThere('--predictor', 'cortexa76', '--json', 'small.json'),
      nnMeterThere('--json', 'small.json'),
      nnMeterThere('predictors', '--json'),
      nnMeterThere('--predictor', 'cortexa76', '--predictor-version', '1.0', 'small.json'),
    ]);
    for (const [run, count] of [[one, 1] as const, [all, 4] as const]) {
      expect(run).toMatchObject({ code: 0, stderr: '' });
      const predictions = parseOutput<Prediction>('predict', run.stdout);
      expect(predictions).toHaveLength(count);
      for (const { warnings } of predictions) expect(warnings.at(-1)).toMatch(why);
    }
    expect(listed.code).toBe(0);
    const rows = parseOutput<{ status?: string }>('predictors', listed.stdout);
    expect(rows.filter(({ status }) => status === undefined)).toHaveLength(4);
    expect(listed.stderr).toMatch(why);
    expect(old).toMatchObject({ code: 1, stdout: '' });
    expect(old.stderr).toMatch(/^nn-meter: error: [^\n]+\n$/);
    expect(old.stderr).toMatch(why);
  },
);

test('a stack trace only with --verbose', async () => {
  const folder = folderWith({ 'bad.json': '[]' });
  const [plain, verbose] = await Promise.all([
    nnMeter(['--nn-meter-ir', 'bad.json'], folder),
    nnMeter(['--nn-meter-ir', 'bad.json', '--verbose'], folder),
  ]);
  expect(plain).toMatchObject({ code: 1, stdout: expect.not.stringContaining('RESULT') });
  expect(plain.stderr).not.toMatch(/^\s+at /m);
  expect(verbose.stderr).toMatch(/^\s+at /m);
});

test('mutated real files never bring the batch down', async () => {
  const folder = folderWith({});
  const mutation = fc.record({
    source: fc.constantFrom({ bytes: ONNX, suffix: 'onnx' }, { bytes: PB, suffix: 'pb' }),
    edits: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
  });
  const mutants = fc.sample(mutation, { seed: 7, numRuns: 60 });
  for (const [index, { source, edits }] of mutants.entries()) {
    const bytes = Uint8Array.from(source.bytes);
    for (const [position, value] of edits) bytes[position % bytes.length] = value;
    writeFileSync(join(folder, `${index}.${source.suffix}`), bytes);
  }
  const run = await nnMeter(['--json', '--predictor', 'adreno640', '.'], folder);
  const elements = parseOutput<Prediction>('predict', run.stdout);
  expect(elements).toHaveLength(mutants.length);
  for (const { error, latencyMs } of elements) {
    if (error === undefined) expect(latencyMs).toBeGreaterThan(0);
    else expect(error.code).not.toBe('E_INTERNAL');
  }
});

test.each(['missing.onnx', 'resnet18', folderWith({})])('an error names %s once', async (path) => {
  const { code, stderr } = await nnMeter([path]);
  expect(code).toBe(1);
  expect(stderr.split(path)).toHaveLength(2);
});

test('a Core ML package is named', async () => {
  const folder = folderWith({});
  const inner = join(folder, 'net.mlpackage/Data/com.apple.CoreML');
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(folder, 'net.mlpackage/Manifest.json'), '{"fileFormatVersion": "1.0.0"}');
  // Model: specificationVersion 7, description: input: FeatureDescription.
  writeFileSync(join(inner, 'model.mlmodel'), '\x08\x07\x12\x20\x0a\x0b\x0a\x05image\x1a\x02');
  const { code, stderr } = await nnMeter(['net.mlpackage'], folder);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /net\.mlpackage" is a Core ML model .*give the model that it was converted from/,
  );
});
