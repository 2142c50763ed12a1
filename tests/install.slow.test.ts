import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { ROOT } from '../scripts/pack-packages.mjs';
import { startLocalRegistry } from './support/local-registry.ts';

const MODEL = join(ROOT, 'fixtures/onnx/mobilenet_v2.onnx');
const PACKAGES = ['@nnmeter/frontend-onnx', '@nnmeter/predictor-cortexa76'];

const ESM = `
import { readFileSync } from 'node:fs';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { createPredictor } from '@nnmeter/predictor';
import { cortexA76 } from '@nnmeter/predictor-cortexa76';

const graph = readOnnx(readFileSync(process.argv[2]));
console.log(createPredictor(cortexA76).predictGraph(graph).latencyMs);
`;
const BY_NAME = `
const { loadLatencyPredictor } = require('@nnmeter/predictor');

loadLatencyPredictor('cortexA76cpu_tflite21')
  .then((predictor) => predictor.predict(process.argv[2]))
  .then((report) => console.log(report.latencyMs));
`;
const CJS = ESM.replace(/import (.*) from (.*);/g, 'const $1 = require($2);');

const registry = await startLocalRegistry();

if (typeof registry === 'string') test.skip(`skipped: ${registry}`, () => {});
else {
  afterAll(() => registry.stop());

  test('npx runs the CLI in an empty folder, on all devices', async () => {
    const folder = registry.emptyFolder();
    const args = ['@nnmeter/cli', '--predictor', 'all', '--torchvision', 'resnet18', '--json'];
    const { status, stdout, stderr } = await registry.run('npx', args, folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const reports: { latencyMs: number; predictor: { name: string } }[] = JSON.parse(stdout);
    expect(reports).toHaveLength(4);
    for (const { latencyMs } of reports) expect(latencyMs).toBeGreaterThan(1);
    expect(readdirSync(folder)).toEqual([]);
  }, 240_000);

  test('the CLI installs in less than 35 MB', async () => {
    const folder = registry.emptyFolder();
    const { status, stderr } = await registry.run('npm', ['install', '@nnmeter/cli'], folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const bytes = sizeOf(join(folder, 'node_modules'));
    console.log(`@nnmeter/cli installs as ${(bytes / 1e6).toFixed(2)} MB`);
    expect(bytes).toBeLessThan(35e6);
  }, 240_000);

  describe(`${PACKAGES.join(' and ')} alone`, () => {
    const folder = registry.emptyFolder();
    const programs = { 'esm.mjs': ESM, 'require.cjs': CJS, 'by-name.cjs': BY_NAME };

    test('install and predict, imported and required', async () => {
      const install = await registry.run('npm', ['install', ...PACKAGES], folder);
      expect(install).toMatchObject({ status: 0, stderr: '' });
      const predictor = await loadLatencyPredictor('cortexA76cpu_tflite21');
      const expected = (await predictor.predict(MODEL)).latencyMs;
      for (const [name, program] of Object.entries(programs)) {
        writeFileSync(join(folder, name), program);
        const { stdout, stderr } = await registry.run('node', [name, MODEL], folder);
        expect({ name, stderr, latencyMs: Number(stdout) }).toEqual({
          name,
          stderr: '',
          latencyMs: expected,
        });
      }
    }, 240_000);
  });
}

function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size)
    .reduce((sum, size) => sum + size, 0);
}
