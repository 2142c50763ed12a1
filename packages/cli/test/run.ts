import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { Ajv } from 'ajv';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const BIN = join(ROOT, 'packages/cli/bin/nn-meter.js');
export const RESNET18 = join(ROOT, 'fixtures/onnx/resnet18.onnx');
export const MOBILENET_V2 = join(ROOT, 'fixtures/onnx/mobilenet_v2.onnx');
export const MOBILENET_V1_PB = join(ROOT, 'fixtures/tf/mobilenet_v1.pb');
export const SAVED_MODEL = join(ROOT, 'fixtures/tf/saved_model');
export const SIGNATURES = join(ROOT, 'fixtures/tf/signatures');

/** A folder without predictors and configuration of nn-Meter. */
const NO_HOME = mkdtempSync(join(tmpdir(), 'nn-meter-home-'));

export const DEVICES = [
  'cortexA76cpu_tflite21',
  'adreno640gpu_tflite21',
  'adreno630gpu_tflite21',
  'myriadvpu_openvino2019r2',
];

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What decides what a command prints, apart from its arguments and its folder. */
function environmentOf(home: string): Record<string, string> {
  const { COLUMNS = '' } = process.env;
  return {
    HOME: home,
    USERPROFILE: home,
    NNMETER_HOME: home,
    COLUMNS,
    NODE_OPTIONS: '',
    FORCE_COLOR: '',
  };
}

/** Runs the real `nn-meter` in a folder, in a process of its own. */
export function nnMeterProcess(
  args: readonly string[],
  cwd: string = tmpdir(),
  home: string = NO_HOME,
  user: { readonly uid?: number } = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      ...user,
      cwd,
      env: { ...process.env, ...environmentOf(home) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

let host: ChildProcess | undefined;
afterAll(() => host?.disconnect());
let last: Promise<unknown> = Promise.resolve();

/** The same in one process for all calls of a test file, one after the other: for all that needs no start. */
export function nnMeter(
  args: readonly string[],
  cwd: string = tmpdir(),
  home: string = NO_HOME,
): Promise<Run> {
  const job = { args, cwd, environment: environmentOf(home) };
  const result = last.then(() => runInHost(job));
  last = result.catch(() => {});
  return result;
}

async function runInHost(job: object): Promise<Run> {
  host ??= fork(new URL('./support/host.js', import.meta.url), { execArgv: [] });
  const end = new AbortController();
  try {
    host.send(job);
    const died = once(host, 'exit', end).then(([code, signal]) => {
      host = undefined;
      throw new Error(`nn-meter ended its process with ${code ?? signal}`);
    });
    const [run] = await Promise.race([once(host, 'message', end), died]);
    return run;
  } finally {
    end.abort();
  }
}

/** A new temporary folder with the given files. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nn-meter-cli-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
for (const owner of ['report', 'nas']) {
  const folder = new URL(`../../${owner}/schema/`, import.meta.url);
  for (const file of readdirSync(folder)) {
    const schema = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    ajv.addSchema(schema, file.replace('.schema.json', ''));
  }
}

/** Parses the output of --json and checks it against the schema of this name that ships with a package. */
export function parseAs<Output>(schema: string, stdout: string): Output {
  const output = JSON.parse(stdout);
  if (!ajv.validate(schema, output)) throw new Error(ajv.errorsText(ajv.errors));
  return output;
}

/** {@link parseAs} of a command that prints a list. */
export function parseOutput<Element>(command: string, stdout: string): Element[] {
  return parseAs(command, stdout);
}

/** What `predict --json` prints for each model and predictor. */
export interface Prediction {
  readonly model: string;
  readonly type: string | null;
  readonly predictor: string;
  readonly version: string;
  readonly latencyMs: number;
  readonly interval: { low: number; high: number; level: number } | null;
  readonly coverage: { macs: number; nodes: number };
  readonly kernels: readonly {
    type: string;
    nodes: string[];
    latencyMs: number;
    input: number[];
    output: number[];
  }[];
  readonly warnings: readonly string[];
  readonly error?: { code: string; message: string };
}

const IMAGE = [1, 56, 56, 3];
const HALF = [1, 28, 28, 16];

/** conv -> relu in nn-Meter IR. */
export const SMALL_IR = {
  input: node('Placeholder', [], ['conv1'], [], [IMAGE]),
  conv1: node('Conv2D', ['input'], ['relu1'], [IMAGE], [HALF], {
    kernel_shape: [3, 3],
    weight_shape: [3, 3, 3, 16],
    strides: [2, 2],
    padding: 'SAME',
  }),
  relu1: node('Relu', ['conv1'], [], [HALF], [HALF]),
};

export function node(
  type: string,
  inbounds: string[],
  outbounds: string[],
  input_shape: number[][],
  output_shape: number[][],
  attr: object = {},
) {
  return { inbounds, outbounds, attr: { type, input_shape, output_shape, attr } };
}
