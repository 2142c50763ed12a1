import { expect, test } from '@jest/globals';
import {
  compileSpace,
  nniLatencyTable,
  ofaLatencyTable,
  type Sample,
  spaceNamed,
} from '@nnmeter/nas';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { parse } from 'yaml';

const predictor = await loadLatencyPredictor('adreno640');

/** Each choice's value at `step` times its position, so that every kernel, expansion and depth comes up. */
function sampleOf(name: string, step: number): Sample {
  const { choices } = spaceNamed(name);
  const genome = choices.values.map((values, at) => ((at + 1) * step) % values.length);
  return choices.decode(choices.settle(Uint8Array.from(genome)));
}

/** What Once-for-All's reader looks up for a ProxylessNAS network, from the network's own description. */
function proxylessKeys(sample: Sample): string[] {
  const stages = [
    [2, 32, 2],
    [3, 40, 2],
    [4, 80, 2],
    [5, 96, 1],
    [6, 192, 2],
    [7, 320, 1],
  ] as const;
  const keys = [
    'Conv-input:224x224x3-output:112x112x32',
    'expanded_conv-input:112x112x32-output:112x112x16-expand:1-kernel:3-stride:1-idskip:0',
  ];
  let [side, channels] = [112, 16];
  for (const [stage, width, first] of stages) {
    const depth = Number(sample[`s${stage}_depth`] ?? 1);
    for (let index = 0; index < depth; index++) {
      const [, kernel, ratio] = /^k(\d)e(\d)$/.exec(String(sample[`s${stage}_i${index}`]))!;
      const stride = index === 0 ? first : 1;
      const out = Math.floor((side - 1) / stride + 1);
      keys.push(
        `expanded_conv-input:${side}x${side}x${channels}-output:${out}x${out}x${width}-expand:${ratio}-kernel:${kernel}-stride:${stride}-idskip:${index > 0 ? 1 : 0}`,
      );
      [side, channels] = [out, width];
    }
  }
  return [...keys, 'Conv_1-input:7x7x320-output:7x7x1280', 'Logits-input:7x7x1280-output:1000'];
}

test("Once-for-All's reader sums a ProxylessNAS table to what the predictor says", async () => {
  const space = spaceNamed('proxylessnas');
  const table = parse(await ofaLatencyTable(space, predictor)) as Record<string, { mean: number }>;
  for (const step of [1, 2, 3, 5]) {
    const sample = sampleOf('proxylessnas', step);
    const sum = proxylessKeys(sample).reduce((ms, key) => ms + table[key]!.mean, 0);
    expect(sum / predictor.totalMs(space.build(sample))).toBeCloseTo(1, 9);
  }
}, 180_000);

test('an OFA table has the keys of the Note 10 table, for the widths of the space', async () => {
  const table = await ofaLatencyTable(spaceNamed('ofa-mbv3'), predictor);
  // 96 keys at 224 pixels.
  expect(table.trim().split('\n')).toHaveLength(96);
  expect(table).toContain(
    'expanded_conv-input:28x28x40-output:14x14x80-expand:160-kernel:5-stride:2-idskip:0-se:0-hs:1:',
  );
  await expect(ofaLatencyTable(spaceNamed('spos'), predictor)).rejects.toThrow(
    /no table for space "spos"/,
  );
}, 180_000);

test("NNI's estimator sums a table to what the predictor says", async () => {
  const space = spaceNamed('fbnet');
  const [{ applied_hardware, latency_table: table }] = JSON.parse(
    nniLatencyTable(await compileSpace(space, [predictor], { candidates: 5 })),
  );
  expect(applied_hardware).toBe(predictor.name);
  const sample = sampleOf('fbnet', 7);
  const { labels, values } = space.choices;
  const sum = labels.reduce(
    (ms, label, at) => ms + table[label][String(values[at]!.indexOf(sample[label]!))],
    table.stationary_block.root,
  );
  expect(sum / predictor.totalMs(space.build(sample))).toBeCloseTo(1, 9);
  const proxyless = await compileSpace(spaceNamed('proxylessnas'), [predictor], { candidates: 0 });
  expect(() => nniLatencyTable(proxyless)).toThrow(
    /cannot hold space "proxylessnas": s\d_i1 is not always there/,
  );
}, 180_000);
