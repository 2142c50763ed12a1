import { expect, test } from '@jest/globals';
import { graphCost } from '@nnmeter/ir';
import {
  ChoiceIndex,
  defineSpace,
  narrowSpace,
  type Sample,
  type SpaceDefinition,
  spaceNamed,
  spaces,
} from '@nnmeter/nas';
import { buildModel } from '@nnmeter/zoo';

const SPOS = 'k7 k5 k3 k5 k7 k3 k7 k3 k7 k3 k7 xcep k3 k3 k3 k3 xcep k7 xcep xcep'.split(' ');

test('the published SPOS network, to the MAC', () => {
  const sample = Object.fromEntries(SPOS.map((name, index) => [`layer_${index + 1}`, name]));
  const { macs, parameters } = graphCost(spaceNamed('spos').build(sample));
  // 322.919 M by torch's counter on NNI's model, where running means and variances are no parameters (3.558 M).
  expect(macs).toBe(322_918_720);
  expect(parameters).toBeGreaterThan(3_558_000);
});

test.each([
  ['spos', 4n ** 20n],
  ['spos-channels', 32n ** 20n],
  ['nasbench201', 15_625n],
  // Every stage of depth 1 to 4 of six operations, five times; one block more.
  ['proxylessnas', (6n + 6n ** 2n + 6n ** 3n + 6n ** 4n) ** 5n * 6n],
  ['ofa-mbv3', (9n ** 2n + 9n ** 3n + 9n ** 4n) ** 5n * 5n],
  ['fbnet', 9n ** 22n],
  // 14 layers at most of three ratios and two numbers of heads.
  ['autoformer', 3n * (6n ** 12n + 6n ** 13n + 6n ** 14n)],
])('%s has %d samples', (name, size) => {
  expect(spaceNamed(name).choices.size()).toBe(size);
});

test('TuNAS has 67 choices', () => {
  expect(spaceNamed('mobilenetv3').choices.labels).toHaveLength(67);
});

test('the deepest ResNet of usual width is torchvision ResNet-50', () => {
  const depths = [3, 4, 6, 3];
  const sample = Object.fromEntries(
    depths.flatMap((depth, at) => [
      [`s${at + 1}_depth`, depth],
      [`s${at + 1}_width`, 1],
    ]),
  );
  expect(graphCost(spaceNamed('resnet').build(sample)).macs).toBe(
    graphCost(buildModel('resnet50')).macs,
  );
});

test('every space builds its first sample, and another input makes another network', () => {
  for (const space of spaces) {
    const genome = new Uint8Array(space.choices.labels.length);
    const sample = space.choices.decode(genome);
    const graph = space.build(sample);
    expect(graphCost(graph).unknownNodes).toEqual([]);
    expect(space.choices.encode(sample)).toEqual(genome);
  }
  const first = { layer_1: 'k3' };
  const rest = Object.fromEntries(SPOS.map((name, index) => [`layer_${index + 1}`, name]));
  const small = spaceNamed('spos')
    .withInput([1, 3, 32, 32])
    .build({ ...rest, ...first });
  expect(small.findTensor('input')?.shape).toEqual([1, 3, 32, 32]);
});

const good: SpaceDefinition = {
  name: 'mine',
  input: [1, 3, 32, 32],
  choices: { kernel: [3, 5], depth: [1, 2], second: { values: [3, 5], when: { depth: [2] } } },
  build: ({ kernel }, builder, input) =>
    builder.build(builder.conv(builder.input('x', input), 8, { kernel: Number(kernel) })),
};

test('a space of one file is a few lines', () => {
  const space = defineSpace(good);
  expect(space.choices.size()).toBe(6n);
  expect(space.choices.decode(space.choices.encode({ kernel: 5, depth: 1, second: 5 }))).toEqual({
    ...{ kernel: 5, depth: 1 },
  });
  expect(graphCost(space.build({ kernel: 5, depth: 1 })).macs).toBe(28 * 28 * 8 * 3 * 25);
  const narrow = narrowSpace(space, { depth: [1] });
  expect(narrow.choices.labels).toEqual(['kernel', 'depth']);
  expect(() => narrowSpace(space, { depth: [3] })).toThrow(/"depth" cannot be 3/);
});

test('a narrowed space has other inputs too, and no choices of choices that are gone', async () => {
  const graph = narrowSpace(spaceNamed('spos'), { layer_1: ['k3'] })
    .withInput([1, 3, 32, 32])
    .build(Object.fromEntries(SPOS.map((name, at) => [`layer_${at + 1}`, at === 0 ? 'k3' : name])));
  expect(graph.findTensor('input')?.shape).toEqual([1, 3, 32, 32]);
  const chained = defineSpace({
    ...good,
    choices: {
      third: { values: [1, 2], when: { second: [5] } },
      second: { values: [3, 5], when: { depth: [2] } },
      ...{ kernel: [3, 5], depth: [1, 2] },
    },
  });
  expect(narrowSpace(chained, { depth: [1] }).choices.labels).toEqual(['kernel', 'depth']);
  expect(narrowSpace(chained, { second: [3] }).choices.size()).toBe(4n);
  const cells = narrowSpace(spaceNamed('nasbench201'), {
    'cell/0_1': ['conv_3x3'],
    'cell/0_3': ['none', 'conv_1x1'],
  });
  const leadsNowhere = {
    ...{ 'cell/0_1': 'conv_3x3', 'cell/0_2': 'none', 'cell/1_2': 'none' },
    ...{ 'cell/0_3': 'none', 'cell/1_3': 'none', 'cell/2_3': 'none' },
  };
  expect(cells.canonical!(leadsNowhere)).toEqual(leadsNowhere);
  expect(() => cells.build({ ...leadsNowhere, 'cell/0_1': 'none' })).toThrow(/cannot be "none"/);
});

const changed = (change: object): SpaceDefinition => ({ ...good, ...change });
test.each<[string, SpaceDefinition, RegExp]>([
  ['no choice', changed({ choices: {} }), /"mine": a space needs choices/],
  ['no values', changed({ choices: { a: [] } }), /choice "a" needs a list of values/],
  ['a value twice', changed({ choices: { a: [1, 2, 1] } }), /choice "a" has the value 1 twice/],
  ['NaN', changed({ choices: { a: [Number.NaN] } }), /no string, number or boolean/],
  [
    'a label twice',
    changed({
      choices: [
        ['a', [1]],
        ['a', [2]],
      ],
    }),
    /two choices with the label "a"/,
  ],
  [
    'a circle',
    changed({
      choices: {
        a: { values: [1], when: { b: [1] } },
        b: { values: [1], when: { c: [1] } },
        c: { values: [1], when: { a: [1] } },
      },
    }),
    /in a circle: "a" depends on "b" depends on "c" depends on "a"/,
  ],
  [
    'a missing parent',
    changed({ choices: { a: { values: [1], when: { b: [1] } } } }),
    /depends on "b", which is no choice/,
  ],
  [
    'a condition that never holds',
    changed({ choices: { a: [1], b: { values: [1], when: { a: [2] } } } }),
    /depends on 2, no value of "a"/,
  ],
  [
    'two ways to say what is idle',
    changed({
      choices: { a: [1, 2], b: { values: [1], when: { a: [2] } } },
      canonical: (sample: Sample) => sample,
    }),
    /let canonical alone say what is idle/,
  ],
  ['no shape', changed({ input: [1, 3, 0] }), /its input is a shape/],
  ['no build', changed({ build: undefined }), /needs a function build/],
  ['no name', changed({ name: '' }), /needs a name/],
])('a space with %s is one error', (_, definition, message) => {
  expect(() => defineSpace(definition)).toThrow(message);
});

test('a build that returns no graph says so', () => {
  const space = defineSpace(changed({ build: () => undefined }));
  expect(() => space.build({ kernel: 3, depth: 1 })).toThrow(
    /space "mine", sample {"kernel":3,"depth":1}: its build returns no graph/,
  );
});

test('a build that fails says for which sample, and why', () => {
  const space = defineSpace({
    ...good,
    build({ kernel }, builder, input) {
      if (kernel === 5) throw new Error('five is too many');
      return builder.build(builder.conv(builder.input('x', input), 4, { groups: 7 }));
    },
  });
  expect(() => space.build({ kernel: 5, depth: 1 })).toThrow(
    /space "mine", sample {"kernel":5,"depth":1}: its build fails: five is too many/,
  );
  expect(() => space.build({ kernel: 3, depth: 1 })).toThrow(
    /space "mine", sample {"kernel":3,"depth":1}.*conv/,
  );
});

test('of a long sample an error shows where it begins and ends', () => {
  const labels = Array.from({ length: 60 }, (_, index) => `stage${index}`);
  const choices = Object.fromEntries(labels.map((label) => [label, [8, 16]]));
  const space = defineSpace(changed({ choices, build: () => undefined }));
  const sample = Object.fromEntries(labels.map((label) => [label, 8]));
  expect(() => space.build(sample)).toThrow(
    /sample {"stage0":8,.{40,60}\.\.\..*"stage59":8}: its build returns no graph/,
  );
});

test('conditions of conditions', () => {
  const index = new ChoiceIndex({
    a: { values: [0, 1] },
    b: { values: [0, 1], when: { a: [1] } },
    c: { values: [0, 1, 2], when: { b: [1] } },
  });
  // a=0; a=1 b=0; a=1 b=1 c=0..2
  expect(index.size()).toBe(5n);
  expect(() => index.encode({ a: 1, b: 1 })).toThrow(/no "c"/);
  expect(index.decode(index.encode({ a: 1, b: 0, c: 2 }))).toEqual({ a: 1, b: 0 });
});
