import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, graphCost, NnMeterError } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { benchFamilies, buildBenchModel } from '@nnmeter/zoo';
import { comparable } from '../../../tests/support/comparable.ts';
import { hasShared, sharedPath } from '../../../tests/support/shared.ts';
import { recoverConfiguration } from './recover.ts';

const familyOf = (id: string): string => id.replace(/_\d+$/, '');
/** Enough to join convolutions, batch normalization and activations; blocks are found without rules. */
const RULES = {
  fuse: { BF_conv_relu: true, BF_dwconv_relu: true, BF_conv_add: true, BF_add_relu: true },
};
const whenShared = hasShared ? describe : describe.skip;

/** MACs of each base network as the dataset's authors give them for index 0, where they do. */
const BASE_MACS = {
  alexnet: 674956032,
  densenet: 2859339776,
  googlenet: 1582671872,
  mnasnet: 367305248,
  mobilenetv1: 568740352,
  mobilenetv2: 313619328,
  mobilenetv3large: 221079200,
  proxylessnas: 333272640,
  resnet18: 1814073344,
  shufflenetv2: 144907992,
  squeezenet: 839053312,
  vgg11: 7508426752,
};

test.each(Object.entries(BASE_MACS))('%s has %d MACs', (family, macs) => {
  expect(graphCost(buildBenchModel(family)).macs).toBe(macs);
});

test('textual and named configurations are the same', () => {
  const text = '3_3_5_5_7-19_153_460_230_281_3276_2867';
  const named = { kernels: [3, 3, 5, 5, 7], widths: [19, 153, 460, 230, 281, 3276, 2867] };
  const graph = buildBenchModel('alexnet', text);
  expect(comparable(graph)).toEqual(comparable(buildBenchModel('alexnet', named)));
  expect(graphCost(graph).macs).toBe(1314861938);
});

test('other resolutions, batches and numbers of classes', () => {
  for (const { name } of benchFamilies()) {
    const graph = buildBenchModel(name, undefined, { inputShape: [2, 160, 160, 3], classes: 7 });
    expect(graph.tensor(graph.outputs[0]!).shape).toEqual([2, 7]);
  }
});

test.each([
  ['alexnet', '3_3_5-19_153', 'E_INVALID_INPUT', '"kernels" must be 5 positive numbers'],
  ['alexnet', '3_3_5_5_7', 'E_INVALID_INPUT', '"widths"'],
  ['alexnet', '3_3_x_5_7-19_153_460_230_281_3276_2867', 'E_INVALID_INPUT', '"kernels"'],
  ['alexnet', '3_3_-5_5_7-19_153_460_230_281_3276_2867', 'E_INVALID_INPUT', '"kernels"'],
  ['lenet', '', 'E_UNKNOWN_MODEL', 'alexnet'],
])('%s %s is refused', (family, configuration, code, message) => {
  const build = (): Graph => buildBenchModel(family, configuration);
  expect(build).toThrow(NnMeterError);
  expect(build).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

whenShared('the benchmark dataset', () => {
  const facts: Record<
    string,
    { first: Record<string, string>; flops_first: Record<string, number> }
  > = hasShared ? JSON.parse(readFileSync(sharedPath('facts/bench_families.json'), 'utf8')) : {};
  const first = Object.assign({}, ...Object.values(facts).map((family) => family.first));
  const files = hasShared ? readdirSync(sharedPath('bench')) : ['none'];

  test.each(Object.values(facts).flatMap((family) => Object.entries(family.flops_first)))(
    '%s has the published MACs',
    (id, macs) => {
      expect(graphCost(buildBenchModel(familyOf(id), first[id])).macs).toBe(macs);
    },
  );

  test.each(files)('%s: networks are rebuilt node for node, kernel for kernel', (file) => {
    const lines = gunzipSync(readFileSync(sharedPath(`bench/${file}`)))
      .toString()
      .trimEnd()
      .split('\n');
    const ids = lines.map((line) => /^\{"id":"([^"]+)"/.exec(line)![1]!);
    const chosen = ids.flatMap((id, index) =>
      /_[01]$/.test(id) || index % 300 === 7 ? [index] : [],
    );
    expect(chosen.length).toBeGreaterThan(5);
    for (const index of chosen) {
      const id = ids[index]!;
      const measured = readNnMeterIr(JSON.parse(lines[index]!).graph);
      const configuration = first[id] ?? recoverConfiguration(familyOf(id), measured);
      const built = buildBenchModel(familyOf(id), configuration);
      expect(built.nodes.map((node) => node.name)).toEqual(measured.nodes.map((node) => node.name));
      const options = { scalars: false };
      expect(comparable(built, options)).toEqual(comparable(measured, options));
      const kernels = (graph: Graph) => detectKernels(graph, RULES).map((kernel) => kernel.type);
      expect(kernels(built)).toEqual(kernels(measured));
    }
  });
});
