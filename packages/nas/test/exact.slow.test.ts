import { expect, test } from '@jest/globals';
import { graphCost } from '@nnmeter/ir';
import { compileSpace, narrowSpace, spaceNamed, TableScorer } from '@nnmeter/nas';
import { loadDevices } from './support/devices.ts';

test.each(['spos', 'proxylessnas', 'fbnet', 'resnet', 'autoformer'])(
  'the table of %s is what four predictors say of whole networks',
  async (name) => {
    const space = spaceNamed(name);
    const devices = await loadDevices();
    const table = await compileSpace(space, devices, { candidates: 10 });
    expect(Math.max(...table.check.maxRelativeError)).toBeLessThan(1e-12);
    const scorer = new TableScorer(table);
    const values = space.choices.values.map((list) => list.length - 1);
    const sample = space.choices.decode(Uint8Array.from(values));
    const { latency, macs } = scorer.figures(sample);
    const graph = space.build(sample);
    for (const device of devices)
      expect(latency[device.name]!.ms / device.totalMs(graph)).toBeCloseTo(1, 12);
    expect(macs).toBe(graphCost(graph).macs);
  },
  300_000,
);

test('NAS-Bench-201 is written out: cells with the same edges that run have the same latency', async () => {
  const whole = spaceNamed('nasbench201');
  // Of 15,625 cells those of three operations.
  const kept = ['none', 'skip_connect', 'conv_3x3'];
  const space = narrowSpace(
    whole,
    Object.fromEntries(whole.choices.labels.map((label) => [label, kept])),
  );
  const devices = await loadDevices();
  const table = await compileSpace(space, devices.slice(0, 1), { candidates: 20 });
  const [term] = table.terms;
  expect(term!.ms[0]).toHaveLength(3 ** 6);
  const scorer = new TableScorer(table);
  const all = (operations: readonly string[]) =>
    Object.fromEntries(space.choices.labels.map((label, at) => [label, operations[at]!]));
  // Nothing leads on from the first tensor, or nothing comes to it.
  const dead = scorer.figures(
    all(['conv_3x3', 'skip_connect', 'none', 'conv_3x3', 'none', 'conv_3x3']),
  );
  const none = scorer.figures(
    all(['none', 'skip_connect', 'none', 'conv_3x3', 'none', 'conv_3x3']),
  );
  expect(dead).toEqual(none);
}, 300_000);
