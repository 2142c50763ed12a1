import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { crc32, encodeForest, Forest } from '@nnmeter/forest';
import { GraphBuilder } from '@nnmeter/ir';
import {
  importNnMeterPredictor,
  predictorSource,
  registerNnMeterPredictor,
  unregisterNnMeterPredictor,
} from '@nnmeter/nn-meter-predictors';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { TINY } from './support/fixtures.ts';
import { useTemporaryHome } from './support/home.ts';

const home = useTemporaryHome();
const folderOf = (name: string) => join(home(), `data/predictors/${name}@1.0`);
const description = (name: string) => join(folderOf(name), 'predictor.json');
const read = (name: string) => JSON.parse(readFileSync(description(name), 'utf8'));

const builder = new GraphBuilder('net');
const NET = builder.build(builder.fc(builder.input('x', [1, 1024]), 1000));

describe('a damaged description is named, and the other predictors work:', () => {
  const sum = 'a'.repeat(64);
  const kernel = { sha256: sum, bytes: 1, trees: 1, nodes: 1 };
  test.each<[string, (stored: Record<string, unknown>) => unknown]>([
    ['no JSON', () => '{'],
    ['null', () => null],
    ['a later format', (stored) => ({ ...stored, format: 2 })],
    ['no kernels', (stored) => ({ ...stored, kernels: {} })],
    ['a kernel that is none', (stored) => ({ ...stored, kernels: { fc: null } })],
    ['a kernel of no nodes', (stored) => ({ ...stored, kernels: { fc: { ...kernel, nodes: 0 } } })],
    ['a path for a kernel', (stored) => ({ ...stored, kernels: { '../fc': kernel } })],
    ['a name that is no text', (stored) => ({ ...stored, name: 7 })],
    ['the name of another', (stored) => ({ ...stored, name: 'good' })],
    ['no origin', ({ origin: _, ...stored }) => stored],
    ['an unknown category', (stored) => ({ ...stored, category: 'toaster' })],
    ['rules that are texts', (stored) => ({ ...stored, fusionRules: { BF_a_b: 'yes' } })],
  ])('%s', async (_, change) => {
    await importNnMeterPredictor(TINY, { name: 'bad' });
    await importNnMeterPredictor(TINY, { name: 'good' });
    const changed = change(read('bad'));
    writeFileSync(
      description('bad'),
      typeof changed === 'string' ? changed : JSON.stringify(changed),
    );
    const problems: string[] = [];
    const entries = await predictorSource.list(({ code, message }) =>
      problems.push(`${code} ${message}`),
    );
    const here = entries.filter(({ hint }) => hint === undefined);
    expect(here.map(({ name }) => name)).toEqual(['good']);
    expect(problems).toEqual([expect.stringMatching(/^E_WEIGHTS .*bad@1\.0: predictor\.json/)]);

    const report = (await loadLatencyPredictor('good', '1.0')).predictGraph(NET);
    expect(report.latencyMs).toBeGreaterThan(0);
    expect(report.warnings.join()).toMatch(/left out: .*bad@1\.0: predictor\.json/);
    await expect(loadLatencyPredictor('bad', '1.0')).rejects.toThrow(/bad@1\.0: predictor\.json/);
    await expect(unregisterNnMeterPredictor('bad')).rejects.toThrow(/bad@1\.0: predictor\.json/);
    expect((await unregisterNnMeterPredictor('good')).name).toBe('good');
  });
});

test('two damaged descriptions are both named, and importing again repairs them', async () => {
  for (const name of ['bad', 'worse']) {
    mkdirSync(folderOf(name), { recursive: true });
    writeFileSync(description(name), '[]');
  }
  await expect(loadLatencyPredictor('nobody')).rejects.toThrow(/bad@1\.0.*worse@1\.0/);
  for (const name of ['bad', 'worse']) await importNnMeterPredictor(TINY, { name });
  expect((await loadLatencyPredictor('worse')).predictGraph(NET).warnings).toEqual([]);
});

describe('a stored forest whose checksum is right is refused if', () => {
  const leaf = (value: number, featureCount: number) =>
    new Forest({
      ...{ featureCount, aggregation: 'mean' },
      feature: Int16Array.of(-1),
      value: Float64Array.of(value),
    });
  test.each([
    ['it predicts less than nothing', encodeForest(leaf(-1, 4)), /fc\.forest predicts latencies b/],
    ['it has other features', encodeForest(leaf(1, 9)), /fc\.forest takes 9 features/],
    ['it predicts NaN', withValue(encodeForest(leaf(1, 4)), Number.NaN), /node 0 holds NaN/],
    ['it predicts infinity', withValue(encodeForest(leaf(1, 4)), Infinity), /node 0 holds Inf/],
  ])('%s', async (_, bytes, message) => {
    await importNnMeterPredictor(TINY, { name: 'mine' });
    writeFileSync(join(folderOf('mine'), 'fc.forest'), bytes);
    const stored = read('mine');
    stored.kernels.fc.sha256 = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(description('mine'), JSON.stringify(stored));
    await expect(loadLatencyPredictor('mine')).rejects.toThrow(message);
  });
});

test('a predictor without kernels is not taken', async () => {
  await expect(importNnMeterPredictor(TINY, { kernels: [] })).rejects.toMatchObject({
    code: 'E_INVALID_INPUT',
    message: expect.stringMatching(/at least one kernel/),
  });
  const meta = join(home(), 'meta.yaml');
  cpSync(TINY, join(home(), 'pickles'), { recursive: true });
  writeFileSync(
    meta,
    'name: mine\nversion: 1.0\ncategory: cpu\npackage_location: pickles\nkernel_predictors: []\n',
  );
  await expect(registerNnMeterPredictor(meta)).rejects.toThrow(/at least one kernel name/);
});

/** The same forest with another value of its only node, and the checksum that goes with it. */
function withValue(forest: Uint8Array, value: number): Uint8Array {
  const bytes = Buffer.from(forest);
  bytes.writeDoubleLE(value, bytes.length - 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}
