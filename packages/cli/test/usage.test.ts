import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { DEVICES, nnMeter, nnMeterProcess, parseOutput, RESNET18 } from './run.ts';

test.each([
  [['--onx', 'a.onnx'], /unknown option --onx \(did you mean "--onnx"\?\)/],
  [['predict', '-z', 'a.onnx'], /unknown option -z/],
  [['--predictor', 'all'], /no model given/],
  [['--onnx'], /not enough arguments following: onnx/],
  [['--onnx', RESNET18, '--top', 'ten'], /--top/],
  [['--onnx', RESNET18, '--threads', '0'], /--threads needs a whole number from 1 to 64/],
  [
    ['--onnx', RESNET18, '--input-shape', '1,3,-4'],
    /--input-shape \[NAME=\]SHAPE: "1,3,-4" is not a shape; write positive integers/,
  ],
  [['--onnx', RESNET18, '--predictor', 'cortexa77'], /cortexa76/i],
  [
    ['--onnx', RESNET18, '--predictor', 'cortexa76', '--predictor-version', '9'],
    /version "9".*2\.0/,
  ],
  [
    ['--onnx', RESNET18, '--predictor', 'cortexa76', '--precision', 'int8'],
    /"cortexA76cpu_tflite21" knows no "int8": it was measured in one setting only/,
  ],
  [
    ['--onnx', RESNET18, '--predictor', 'applea10', '--cores', '9'],
    /"appleA10cpu_tflite2021" knows no "9": it was measured in "float32, 1 large"/,
  ],
  [['getir', '--onnx', 'a', 'b', '--output', 'c.json'], /--output names one file/],
  [['predct', '--json=false'], /no file or command "predct" \(did you mean "predict"\?\)/],
  [['calibrat'], /no file or command "calibrat" \(did you mean "calibrate"\?\)/],
  [['--onnx', RESNET18, '--top', '3', '--top', '4'], /--top is given 2 times/],
  [
    ['calibrate', '--predictor', 'a', '--predictor', 'b', '--measurements', 'c', '--output', 'd'],
    /--predictor is given 2 times, but it takes one value/,
  ],
  [
    ['calibrate', 'c', '--predictor', 'a', '--measurements', 'c', '--output', 'd'],
    /"c" is one argument too many/,
  ],
  [['resnet18'], /no file or command "resnet18"; .*--torchvision/],
  [['predictors', 'lst'], /invalid values/],
  [['--__proto__', 'x', '--constructor.prototype', 'y'], /unknown option/],
])('%j is one line of explanation and exit code 1', async (args, message) => {
  const { code, stdout, stderr } = await nnMeter(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^nn-meter: error: [^\n]+\n$/);
  expect(stderr).toMatch(message);
});

test('help shows examples; no arguments at all is not a success', async () => {
  const [help, bare, version] = await Promise.all([
    nnMeterProcess(['--help']),
    nnMeterProcess([]),
    nnMeterProcess(['--version']),
  ]);
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('nn-meter --predictor all --onnx resnet18.onnx');
  for (const line of help.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect(bare).toEqual({ ...help, code: 1 });
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

interface Listed {
  readonly name: string;
  readonly status?: string;
  readonly accuracy: { readonly within10: number };
  readonly settings: readonly { readonly within10: number }[];
}

test('the list of predictors, by both spellings', async () => {
  const [option, word, json] = await Promise.all([
    nnMeter(['--list-predictors']),
    nnMeter(['predictors', 'list']),
    nnMeter(['--list_predictors', '--json']),
  ]);
  expect(option.code).toBe(0);
  expect(word).toEqual(option);
  const rows = parseOutput<Listed>('predictors', json.stdout);
  const full = rows.filter(({ status }) => status === undefined);
  expect(full.map(({ name }) => name)).toEqual([...DEVICES, ...DEVICES]);
  const experimental = rows.filter(({ status }) => status === 'experimental');
  expect(experimental).toHaveLength(15);
  for (const { name, accuracy, settings } of experimental) {
    expect(option.stdout).toContain(name);
    expect(accuracy.within10).toBe(settings[0]!.within10);
    for (const { within10 } of settings) expect(within10).toBeGreaterThanOrEqual(0.7);
  }
  for (const name of DEVICES) expect(option.stdout).toContain(name);
  for (const line of option.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test('the README tells of every option that a command has', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const { COMMANDS } = await import('../src/arguments.ts');
  const helps = await Promise.all(COMMANDS.map((command) => nnMeterProcess([command, '--help'])));
  const options = new Set(
    helps.flatMap(({ stdout }) =>
      [...stdout.matchAll(/ (--[a-z][a-z0-9-]*) /g)].map(([, it]) => it!),
    ),
  );
  expect(options.size).toBeGreaterThan(20);
  expect([...options].filter((option) => !readme.includes(`${option}`))).toEqual([]);
});
