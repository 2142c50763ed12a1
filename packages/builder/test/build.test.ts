import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { type Build, type BuildProgress, planModels } from '@nnmeter/builder';
import { writePlugin } from '@nnmeter/builder/node';
import { detectKernels } from '@nnmeter/kernel-detect';
import { createPredictor, type PredictorDefinition } from '@nnmeter/predictor';
import { readDevice } from '@nnmeter/training/node';
import { buildModel } from '@nnmeter/zoo';
import { buildInvented, newJournal, readJournal } from './support/build.ts';
import { INVENTED_RULES, inventedLayers, inventedRunner } from './support/invented-device.ts';

const journal = newJournal();
const folder = join(journal, '../plugin');
const progress: BuildProgress[] = [];
let built: Build;

beforeAll(async () => {
  built = await buildInvented(journal, {
    own: [buildModel('mobilenet_v3_small')],
    onProgress: (step) => progress.push(step),
  });
  await writePlugin(folder, built);
}, 240_000);

test('it learns the rules, says how good it is, and what it was measured with', () => {
  const { fusionRules, manifest } = built.definition;
  for (const model of planModels({ seed: 1, count: 20 })) {
    const graph = model.graph();
    const types = detectKernels(graph, fusionRules).map(({ type }) => type);
    expect(types).toEqual(detectKernels(graph, INVENTED_RULES).map(({ type }) => type));
  }
  const { build, heldOut } = manifest;
  expect(heldOut.within10).toBeGreaterThan(0.6);
  expect(build).toMatchObject({ failed: 0, leftOut: [], isCrossValidated: true, repeatCeiling: 1 });
  expect(build.networks + build.kernels).toBe(40);
  expect(build.facts.runtime).toBe('invented-runtime');
  // The sine of the invented device.
  expect(build.drift[1] - build.drift[0]).toBeGreaterThan(0.05);
  expect(readJournal(journal).some(({ id }) => id.startsWith('own-mobilenet_v3_small_'))).toBe(
    true,
  );
});

test('progress tells every step and the time left', () => {
  const steps = progress
    .map(({ step }) => step)
    .filter((step, index, all) => step !== all[index - 1]);
  expect(steps.filter((step) => step !== 'outliers')).toEqual([
    'plan',
    'fusions',
    'models',
    'repeats',
    'train',
  ]);
  for (const { done, total, secondsLeft } of progress) {
    expect(done).toBeLessThanOrEqual(total);
    expect(secondsLeft).toBeGreaterThanOrEqual(0);
  }
});

test('the plugin is JavaScript that needs nothing, and the same as data', async () => {
  expect(readdirSync(folder).sort()).toEqual([
    ...['README.md', 'adaptation.json', 'device.json', 'index.d.ts', 'index.js', 'manifest.json'],
    'package.json',
    ...['report.html', 'rules.json', 'weights.bin'],
  ]);
  const file = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(file).toMatchObject({ name: 'nnmeter-predictor-invented', type: 'module' });
  expect(file.keywords).toContain('nnmeter-predictor');
  const { default: definition } = (await import(pathToFileURL(join(folder, 'index.js')).href)) as {
    default: PredictorDefinition;
  };
  expect(definition).toEqual(built.definition);
  const weights = readFileSync(join(folder, 'weights.bin')).toString('base64');
  expect(weights).toBe(definition.weights);
  const graph = buildModel('mobilenet_v2');
  const truth = inventedLayers(graph).reduce((sum, { ms }) => sum + ms, 0.05);
  expect(createPredictor(definition).totalMs(graph) / truth).toBeCloseTo(1, 0);
  const device = await readDevice(folder);
  expect(device).toMatchObject({ name: 'invented', terms: 'cpu', rules: definition.fusionRules });
});

test('the report shows accuracy, ceiling, fusions, kernels and drift, and no script', () => {
  const html = readFileSync(join(folder, 'report.html'), 'utf8');
  for (const text of [
    'repeat ceiling',
    'cortexA76cpu_tflite21, calibrated',
    'BF_conv_relu',
    'Slowest kernels',
    'Drift of the machine',
    'Relative errors',
  ])
    expect(html).toContain(text);
  expect(html).not.toMatch(/<script|NaN|undefined|Infinity/);
});

test('what no device does is measured again and left out', async () => {
  const path = newJournal();
  const bad = planModels({ seed: 1, count: 20 }).filter(({ isKernel }) => !isKernel)[4]!.id;
  let asked = 0;
  const left = await buildInvented(
    path,
    { models: 20 },
    {
      disturb: ({ id }, result) => {
        if (id !== bad) return result;
        asked++;
        return { ...result, runs: 1, ms: 200 * result.ms, medianMs: 200 * result.medianMs };
      },
    },
  );
  expect(asked).toBeGreaterThanOrEqual(4);
  expect(left.definition.manifest.build.leftOut).toEqual([bad]);
  expect(left.notes.join()).toMatch(
    new RegExp(`left out: ${bad} took .* ms, where the others say`),
  );
}, 240_000);

test('where no graph is shown, pairs of layers are timed', async () => {
  const path = newJournal();
  const { definition } = await buildInvented(path, { models: 20 }, { showsGraphs: false });
  const { fuse, because = [] } = definition.fusionRules;
  expect(fuse).toMatchObject({ BF_conv_relu: true, BF_dwconv_relu: true, BF_add_relu: false });
  expect(because.find(({ rules }) => rules[0] === 'BF_conv_relu')!.reason).toMatch(
    /^timing: together \d+ % ±/,
  );
}, 240_000);

test('it starts from a device of the kind that the runner tells', async () => {
  const path = newJournal();
  const runner = inventedRunner({ measurements: () => readJournal(path).length });
  const { definition } = await buildInvented(path, {
    runner: {
      ...runner,
      facts: async () => ({ ...(await runner.facts()), time: 'wall', kind: 'GPU' }),
    },
    models: 12,
  });
  expect(built.definition.manifest.build.nearest!.name).toBe('cortexA76cpu_tflite21');
  expect(definition.manifest.build.nearest!.name).toBe('adreno640gpu_tflite21');
});
