import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { createPredictor } from '@nnmeter/predictor';
import { run } from '../../../tests/support/run.ts';
import { INVENTED_RULES, measureZoo } from './support/invented-device.ts';

const BIN = fileURLToPath(new URL('../bin/nnmeter-train.js', import.meta.url));

/** No predictor has limits like these: the device is 20 times as fast as a phone's CPU. */
const FASTER = 20;

const folder = mkdtempSync(join(tmpdir(), 'nnmeter-train-'));
afterAll(() => rmSync(folder, { recursive: true }));
const laptop = join(folder, 'predictors', 'laptop');
const train = (...args: string[]) => run(process.execPath, [BIN, ...args], folder);

const device = {
  name: 'laptop_runtime1',
  aliases: ['laptop'],
  version: '0.1',
  title: 'A laptop',
  device: {
    product: 'A laptop',
    processor: 'x86-64',
    kind: 'cpu',
    framework: 'A runtime',
    precision: 'float32',
    clock: '4 GHz',
  } as const,
  terms: 'cpu',
};

describe('from data alone, nnmeter-train', () => {
  const { ids, graphs, measured } = measureZoo();
  mkdirSync(laptop, { recursive: true });
  writeFileSync(join(laptop, 'device.json'), JSON.stringify(device));
  writeFileSync(join(laptop, 'rules.json'), JSON.stringify(INVENTED_RULES));
  const lines = graphs.map((graph, model) =>
    JSON.stringify({
      id: ids[model],
      [device.name]: measured[model]! / FASTER,
      graph: writeNnMeterIr(graph),
    }),
  );
  mkdirSync(join(folder, 'measured'));
  writeFileSync(join(folder, 'measured', 'zoo.jsonl.gz'), gzipSync(lines.join('\n')));

  test('makes a predictor of a device that nobody knew', async () => {
    const { status, stderr } = await train('--data', 'measured', '--rounds', '5');
    expect([status, stderr]).toEqual([0, '']);
    const manifest = JSON.parse(readFileSync(join(laptop, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      trainedOn: `${ids.length} models of measured`,
      dataHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(manifest.heldOut.within10).toBeGreaterThan(0.8);
    const predictor = createPredictor({
      ...device,
      fusionRules: INVENTED_RULES,
      weights: readFileSync(join(laptop, 'weights.bin')).toString('base64'),
      manifest,
    });
    const errors = graphs.map((graph, model) =>
      Math.abs(predictor.totalMs(graph) / (measured[model]! / FASTER) - 1),
    );
    const close = errors.filter((error) => error < 0.1).length;
    expect(close / errors.length).toBeGreaterThan(0.95);
  });

  test('measures without writing', async () => {
    const before = readFileSync(join(laptop, 'weights.bin'));
    const { status, stdout } = await train('--data', 'measured', '--split', '--rounds', '0');
    expect([status, stdout]).toEqual([0, expect.stringContaining('held out')]);
    expect(readFileSync(join(laptop, 'weights.bin'))).toEqual(before);
  });

  test.each([
    [['--device', 'phone'], 'no device "phone"'],
    [['--predictors', 'nowhere'], '"nowhere" has no device'],
    [['--data', 'nowhere'], 'cannot open "nowhere"'],
    [['--rounds', '1', '--rounds', '2'], '--rounds is given twice'],
    [['--rouds', '3'], 'rouds'],
  ])('says what is wrong: %j', async (args, message) => {
    const { status, stderr } = await train('--data', 'measured', ...args);
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(stderr).toMatch(/^nnmeter-train: error: [^\n]+\n$/);
  });
});
