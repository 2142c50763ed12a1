import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const [cortexa76, adreno640, adreno630, myriadvpu] = await Promise.all([
  import('@nnmeter/predictor-cortexa76'),
  import('@nnmeter/predictor-adreno640'),
  import('@nnmeter/predictor-adreno630'),
  import('@nnmeter/predictor-myriadvpu'),
]);

/** Projects with some packages installed and others not. */
const folder = mkdtempSync(join(tmpdir(), 'installed-'));
const repository = fileURLToPath(new URL('../..', import.meta.url));
const bare = join(folder, 'bare');
/** What the runtime needs besides packages of ours. */
const LEVENSHTEIN = 'fastest-levenshtein';
const elsewhere = join(folder, 'elsewhere');

/** Copies a package as it would be published into a project. */
function install(project: string, name: string, from: string): void {
  const target = join(project, 'node_modules', name);
  mkdirSync(target, { recursive: true });
  for (const part of ['package.json', 'dist']) {
    cpSync(join(from, part), join(target, part), { recursive: true });
  }
}

beforeAll(() => {
  for (const name of [
    'ir',
    'forest',
    'kernel-detect',
    'latency-model',
    'model-source',
    'frontend-nnmeter-ir',
    'predictor',
  ]) {
    install(bare, `@nnmeter/${name}`, join(repository, 'packages', name));
  }
  const require = createRequire(join(repository, 'packages/predictor/package.json'));
  const levenshtein = dirname(require.resolve(LEVENSHTEIN));
  cpSync(levenshtein, join(bare, 'node_modules', LEVENSHTEIN), { recursive: true });
  install(elsewhere, '@nnmeter/predictor-adreno640', join(repository, 'predictors/adreno640'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program in a project and gives what it prints as JSON. */
function run(project: string, script: string): unknown {
  const program = join(project, 'program.mjs');
  const api = pathToFileURL(join(bare, 'node_modules/@nnmeter/predictor/dist/index.js'));
  writeFileSync(
    program,
    `import * as api from '${api}';
     const failure = (error) => ({ code: error.code, message: error.message });
     console.log(JSON.stringify(await (${script})));`,
  );
  return JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8', cwd: tmpdir() }));
}

describe('with nothing but the runtime', () => {
  test('the list tells what can be installed, as the packages say it themselves', () => {
    const plugins = { cortexa76, adreno640, adreno630, myriadvpu };
    const expected = Object.entries(plugins).map(([name, { default: definition }]) => ({
      name: definition.name,
      aliases: definition.aliases,
      version: null,
      device: { product: definition.device.product },
      accuracy: null,
      installed: false,
      package: `@nnmeter/predictor-${name}`,
    }));
    const list = run(bare, 'api.listLatencyPredictors()') as readonly object[];
    expect(list.slice(0, expected.length)).toEqual(expected);
    for (const row of list.slice(expected.length)) {
      expect(row).toMatchObject({
        status: 'experimental',
        installed: false,
        package: '@nnmeter/predictors-learned',
      });
    }
  });

  test.each([
    ['predictor', `api.loadLatencyPredictor('adreno630')`, '@nnmeter/predictor-adreno630'],
    ['frontend', `api.modelToGraph(new Uint8Array(8), 'onnx')`, '@nnmeter/frontend-onnx'],
    ['model zoo', `api.modelFileToGraph('resnet18', 'torch')`, '@nnmeter/zoo'],
  ])('a missing %s is answered with the line that installs it', (_, call, name) => {
    expect(run(bare, `${call}.catch(failure)`)).toEqual({
      code: 'E_MISSING_PACKAGE',
      message: expect.stringContaining(`npm install ${name} `),
    });
  });

  test('an unknown format is answered with the packages that read others', () => {
    expect(run(bare, 'api.modelToGraph(new Uint8Array(8)).catch(failure)')).toEqual({
      code: 'E_UNSUPPORTED_FORMAT',
      message: expect.stringMatching(/npm install .*@nnmeter\/frontend-onnx/),
    });
  });
});

test('a plugin that only the program can see is found', () => {
  const call = `api.loadLatencyPredictor('adreno640').then(({ name }) => name)`;
  expect(run(elsewhere, call)).toBe('adreno640gpu_tflite21');
});

test('a plugin that is installed but broken is not called missing', () => {
  install(bare, '@nnmeter/predictor-myriadvpu', join(repository, 'predictors/myriadvpu'));
  const broken = join(bare, 'node_modules/@nnmeter/predictor-myriadvpu/dist/index.js');
  writeFileSync(broken, `import 'a-package-that-is-gone';`);
  expect(run(bare, `api.loadLatencyPredictor('myriad').catch(failure)`)).toEqual({
    code: 'E_MISSING_PACKAGE',
    message: expect.stringMatching(/is installed but does not load.*a-package-that-is-gone/),
  });
});

test('a plugin of others that does not load leaves the rest usable', () => {
  install(bare, '@nnmeter/predictor-cortexa76', join(repository, 'predictors/cortexa76'));
  const plugin = join(bare, 'node_modules/toaster');
  mkdirSync(plugin);
  const facts = { name: 'toaster', exports: './index.js', keywords: ['nnmeter-predictor'] };
  writeFileSync(join(plugin, 'package.json'), JSON.stringify(facts));
  writeFileSync(join(plugin, 'index.js'), `import 'a-package-that-is-gone';`);
  const project = { name: 'kitchen', dependencies: { toaster: '*' } };
  writeFileSync(join(bare, 'package.json'), JSON.stringify(project));

  const broken = /package toaster .* does not load .*a-package-that-is-gone/;
  const attr = { input_shape: [[1, 8, 8, 3]], output_shape: [[1, 8, 8, 3]] };
  const network = JSON.stringify({
    x: { attr: { ...attr, type: 'Placeholder', input_shape: [] }, inbounds: [], outbounds: ['y'] },
    y: { attr: { ...attr, type: 'Relu' }, inbounds: ['x'], outbounds: [] },
  });
  const warned = `api.loadLatencyPredictor('cortexa76')
    .then((predictor) => predictor.predict(${network})).then(({ warnings }) => warnings)`;
  expect(run(bare, warned)).toContainEqual(expect.stringMatching(broken));
  expect(run(bare, `api.loadLatencyPredictor('toaster').catch(failure)`)).toEqual({
    code: 'E_MISSING_PACKAGE',
    message: expect.stringMatching(broken),
  });
});
