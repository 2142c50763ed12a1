import { beforeAll, expect, test } from '@jest/globals';
import { type Graph, graphCost } from '@nnmeter/ir';
import { compileSpace, defineSpace, measureSamples, spaceNamed, TableScorer } from '@nnmeter/nas';
import type { DevicePredictor, LatencyPredictor } from '@nnmeter/predictor';
import { loadDevices } from './support/devices.ts';

let devices: DevicePredictor[];
beforeAll(async () => {
  devices = await loadDevices();
});

/** A tiny space whose second choice changes what the first costs: channels between two layers. */
const chain = defineSpace({
  name: 'chain',
  input: [1, 3, 16, 16],
  choices: { a: [8, 16, 24], b: [8, 16, 32], c: ['none', 'relu'], d: [8, 12] },
  build({ a, b, c, d }, builder, input) {
    let x = builder.conv(builder.input('x', input), Number(a));
    x = builder.conv(x, Number(b));
    if (c === 'relu') x = builder.relu(x);
    return builder.build(builder.conv(builder.maxpool(x, 2), Number(d)));
  },
});

test('widths that neighbours share become terms of pairs, and the table is the predictor', async () => {
  const table = await compileSpace(chain, devices);
  const scorer = new TableScorer(table);
  expect(table.terms.map(({ labels }) => labels.join('+'))).toEqual(
    expect.arrayContaining(['a+b', 'b+d']),
  );
  expect(Math.max(...table.check.maxRelativeError)).toBeLessThan(1e-12);
  for (const sample of [
    { a: 8, b: 8, c: 'none', d: 8 },
    { a: 24, b: 32, c: 'relu', d: 12 },
    { a: 16, b: 32, c: 'relu', d: 8 },
  ]) {
    const graph = chain.build(sample);
    const { latency } = scorer.figures(sample);
    for (const device of devices) {
      const report = device.predictGraph(graph);
      expect(latency[device.name]!.ms / report.latencyMs).toBeCloseTo(1, 12);
      expect(latency[device.name]!.interval!.high / report.interval!.high).toBeCloseTo(1, 9);
    }
  }
});

test('choices that only matter beside others, and cost what the others make of them, become a table', async () => {
  const space = defineSpace({
    name: 'conditional',
    input: [1, 3, 16, 16],
    choices: {
      op: ['conv', 'pool', 'separable'],
      kernel: { values: [3, 5], when: { op: ['conv', 'separable'] } },
      width: [8, 16],
      depth: [1, 2],
      second: { values: [3, 5, 7], when: { depth: [2], op: ['conv'] } },
    },
    build({ op, kernel, width, depth, second = 3 }, builder, input) {
      const channels = Number(width);
      const wide = { kernel: Number(kernel), padding: 'same' } as const;
      let x = builder.relu(builder.conv(builder.input('x', input), channels));
      if (op === 'conv') x = builder.relu(builder.conv(x, channels, wide));
      else if (op === 'pool') x = builder.maxpool(x, 2);
      else x = builder.conv(builder.conv(x, channels, { ...wide, groups: channels }), 2 * channels);
      if (depth === 2) x = builder.conv(x, 16, { kernel: Number(second), padding: 'same' });
      return builder.build(builder.fc(builder.flatten(builder.gap(x)), 10));
    },
  });
  const device = devices[0]!;
  const scorer = new TableScorer(await compileSpace(space, [device]));
  const samples = new Set<string>();
  for (const op of ['conv', 'pool', 'separable'])
    for (const kernel of [3, 5])
      for (const width of [8, 16])
        for (const depth of [1, 2])
          for (const second of [3, 5, 7]) {
            const all = { op, kernel, width, depth, second };
            samples.add(JSON.stringify(space.choices.decode(space.choices.encode(all))));
          }
  expect(BigInt(samples.size)).toBe(space.choices.size());
  for (const text of samples) {
    const sample = JSON.parse(text);
    const { latency, macs } = scorer.figures(sample);
    const graph = space.build(sample);
    expect(latency[device.name]!.ms / device.totalMs(graph)).toBeCloseTo(1, 11);
    expect(macs).toBe(graphCost(graph).macs);
  }
});

/** A predictor by a formula, for what no device does. */
function invented(totalMs: (graph: Graph) => number): LatencyPredictor {
  const [{ aliases, device, manifest }] = devices as [DevicePredictor];
  const report = { kernels: [] };
  return {
    ...{ name: 'invented', aliases, version: '1', device, manifest, totalMs },
    predictGraph: () => report as never,
    predict: () => Promise.reject(new Error('not needed')),
  };
}

test('a space that is no sum of parts is refused, with the choices that decide together', async () => {
  const labels = Array.from({ length: 12 }, (_, index) => `layer_${index}`);
  const tangled = defineSpace({
    name: 'tangled',
    input: [1, 3, 8, 8],
    choices: Object.fromEntries(labels.map((label) => [label, [1, 2, 3, 4]])),
    build(sample, builder, input) {
      let x = builder.input('x', input);
      for (const label of labels) x = builder.conv(x, Number(sample[label]));
      return builder.build(x);
    },
  });
  // As slow as its widths all together say.
  const product = invented((graph) =>
    graph.nodes.reduce((ms, { outputs }) => ms * graph.tensor(outputs[0]!).shape![1]!, 1),
  );
  await expect(compileSpace(tangled, [product])).rejects.toMatchObject({
    code: 'E_INVALID_INPUT',
    message: expect.stringMatching(
      /space "tangled" is no sum over its choices: \d+ of them decide together \("layer_/,
    ),
  });
});

test('a small space that is no sum at all is a table too', async () => {
  const labels = ['a', 'b', 'c', 'd'];
  const widths = defineSpace({
    name: 'product',
    input: [1, 3, 8, 8],
    choices: Object.fromEntries(labels.map((label) => [label, [1, 2, 3]])),
    build(sample, builder, input) {
      let x = builder.input('x', input);
      for (const label of labels) x = builder.conv(x, Number(sample[label]));
      return builder.build(x);
    },
  });
  const product = invented((graph) =>
    graph.nodes.reduce((ms, { outputs }) => ms * graph.tensor(outputs[0]!).shape![1]!, 1),
  );
  const scorer = new TableScorer(await compileSpace(widths, [product]));
  for (let index = 0; index < 3 ** labels.length; index++) {
    const values = labels.map((_, at) => (Math.floor(index / 3 ** at) % 3) + 1);
    const sample = Object.fromEntries(labels.map((label, at) => [label, values[at]!]));
    const ms = values.reduce((total, width) => total * width, 1);
    expect(scorer.figures(sample).latency.invented!.ms / ms).toBeCloseTo(1, 11);
  }
});

test('samples that stand for others have their latency, or the space is refused', async () => {
  const idle = (isIdle: boolean) =>
    defineSpace({
      name: 'idle',
      input: [1, 3, 8, 8],
      choices: { runs: ['yes', 'no'], width: [4, 8] },
      canonical: ({ runs, width }) => ({ runs: runs!, width: runs === 'no' ? 4 : width! }),
      build({ runs, width }, builder, input) {
        const channels = runs === 'no' && isIdle ? 4 : Number(width);
        return builder.build(builder.conv(builder.input('x', input), channels));
      },
    });
  const [device] = devices as [DevicePredictor];
  await expect(compileSpace(idle(false), [device])).rejects.toMatchObject({
    code: 'E_INVALID_INPUT',
    message: expect.stringMatching(/space "idle" that stands for .*"width":8.* something else/),
  });
  const { terms } = await compileSpace(idle(true), [device]);
  expect(terms.map(({ labels }) => labels)).toEqual([['runs', 'width']]);
  const [[narrow, wide, ...idleOnes]] = terms[0]!.ms as [number[]];
  expect(wide).toBeGreaterThan(narrow!);
  expect(idleOnes).toEqual([narrow, narrow]);
});

test('a space too large to be written out says so', async () => {
  const labels = Array.from({ length: 20 }, (_, index) => `l${index}`);
  const large = defineSpace({
    name: 'large',
    input: [1, 3, 8, 8],
    choices: Object.fromEntries(labels.map((label) => [label, [1, 2]])),
    canonical: (sample) => sample,
    build: (_, builder, input) => builder.build(builder.relu(builder.input('x', input))),
  });
  await expect(compileSpace(large, devices)).rejects.toMatchObject({
    code: 'E_LIMIT',
    message: expect.stringContaining('an entry for each of 1048576 combinations; 20000 at most'),
  });
});

test('what cannot be a table within its limit says so', async () => {
  await expect(compileSpace(chain, devices, { maxNetworks: 5 })).rejects.toMatchObject({
    code: 'E_LIMIT',
  });
});

test('the shares of blocks are absolute: a depth that takes blocks away costs nothing itself', async () => {
  const table = await compileSpace(spaceNamed('proxylessnas'), devices.slice(0, 1), {
    candidates: 5,
  });
  const depth = table.terms.find(({ labels }) => labels.join() === 's3_depth')!;
  for (const ms of depth.ms[0]!) expect(Math.abs(ms)).toBeLessThan(1e-9);
  const block = table.terms.find(({ labels }) => labels.join() === 's3_i0')!;
  for (const ms of block.ms[0]!) expect(ms).toBeGreaterThan(0.01);
});

test('who measures networks elsewhere is asked once, and changes nothing', async () => {
  const small = defineSpace({
    name: 'small',
    input: [1, 3, 8, 8],
    choices: [1, 2, 3].map((layer) => [`layer_${layer}`, ['none', 'relu', 'sigmoid']] as const),
    canonical: (sample) => ({ ...sample, layer_3: 'none' }),
    build({ layer_1, layer_2 }, builder, input) {
      let x = builder.conv(builder.input('x', input), 8);
      for (const op of [layer_1, layer_2])
        if (op === 'relu' || op === 'sigmoid') x = builder.maxpool(builder.unary(op, x), 2);
      return builder.build(x);
    },
  });
  for (const space of [chain, small]) {
    let batches = 0;
    const measured = new Set<string>();
    const table = await compileSpace(space, devices, {
      async *measure(all) {
        batches++;
        for (const samples of all) {
          for (const sample of samples) measured.add(JSON.stringify(sample));
          yield measureSamples(space, devices, samples);
        }
      },
    });
    expect(table).toEqual(await compileSpace(space, devices));
    expect(batches).toBe(1);
    expect(measured.size).toBe(space === small ? 9 : 7);
  }
});
