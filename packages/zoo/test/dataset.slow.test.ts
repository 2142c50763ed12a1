import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, graphCost } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { buildDatasetModel } from '@nnmeter/zoo';
import { comparable } from '../../../tests/support/comparable.ts';
import { hasShared, sharedPath } from '../../../tests/support/shared.ts';
import { digestOf } from './digest.ts';
import { recoverConfiguration } from './recover.ts';

const familyOf = (id: string): string => id.replace(/_\d+$/, '');
/** Enough to join convolutions, batch normalization and activations; blocks are found without rules. */
const RULES = {
  fuse: { BF_conv_relu: true, BF_dwconv_relu: true, BF_conv_add: true, BF_add_relu: true },
};
const whenShared = hasShared ? describe : describe.skip;

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
      expect(graphCost(buildDatasetModel(familyOf(id), first[id])).macs).toBe(macs);
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
      const built = buildDatasetModel(familyOf(id), configuration);
      expect(digestOf(built)).toBe(digestOf(measured));
      expect(built.nodes.map((node) => node.name)).toEqual(measured.nodes.map((node) => node.name));
      const options = { scalars: false };
      expect(comparable(built, options)).toEqual(comparable(measured, options));
      const kernels = (graph: Graph) => detectKernels(graph, RULES).map((kernel) => kernel.type);
      expect(kernels(built)).toEqual(kernels(measured));
    }
  });
});
