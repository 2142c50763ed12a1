import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { graphCost, validateGraph } from '@nnmeter/ir';
import {
  benchFiles,
  hasShared,
  readBench,
  sharedPath,
  sharedTest,
} from '../../../tests/support/shared.ts';

const perFamily = 6;

(hasShared ? describe : describe.skip).each([...benchFiles])('%s of the benchmark', (family) => {
  test('writing what was read keeps types, shapes and edges', async () => {
    for (const { graph: original } of await readBench(family, perFamily)) {
      const written = writeNnMeterIr(readNnMeterIr(original));
      expect(Object.keys(written)).toEqual(Object.keys(original));
      for (const [name, { inbounds, outbounds, attr }] of Object.entries(original)) {
        const again = written[name]!;
        expect(again.inbounds).toEqual(inbounds);
        expect([...again.outbounds!].sort()).toEqual([...outbounds].sort());
        expect(again.attr).toMatchObject({
          type: attr.type,
          input_shape: attr.input_shape,
          output_shape: attr.output_shape,
        });
        const { kernel_shape, weight_shape, strides, pads, perm } = attr.attr;
        const kept = { kernel_shape, weight_shape, strides, pads, perm };
        for (const [key, value] of Object.entries(kept)) {
          if (value !== undefined) expect(again.attr.attr?.[key]).toEqual(value);
        }
      }
    }
  });

  test('reading what was written gives the same nodes and tensors', async () => {
    for (const { graph: original } of await readBench(family, perFamily)) {
      const graph = readNnMeterIr(original);
      const again = readNnMeterIr(JSON.stringify(writeNnMeterIr(graph)));
      expect(again.nodes).toEqual(graph.nodes);
      expect(again.tensors).toEqual(graph.tensors);
      expect(again.outputs).toEqual(graph.outputs);
    }
  });

  test('shapes that are left out are inferred', async () => {
    for (const { graph: original } of await readBench(family, perFamily)) {
      const graph = readNnMeterIr(original);
      const bare = Object.fromEntries(
        Object.entries(original).map(([name, { attr, ...edges }]) => {
          const { input_shape, output_shape, ...rest } = attr;
          const constants = input_shape.some((shape) => shape.length === 0);
          const needed = attr.type === 'Placeholder' || attr.type === 'Split';
          return [
            name,
            {
              ...edges,
              attr: {
                ...rest,
                ...(constants && { input_shape }),
                ...(needed && { output_shape }),
              },
            },
          ];
        }),
      );
      const inferred = readNnMeterIr(bare);
      expect(inferred.nodes).toEqual(graph.nodes);
      expect(inferred.tensors).toEqual(graph.tensors);
    }
  });

  test('other input shapes: batch 2 doubles the work, 448 x 224 that of the image part', async () => {
    for (const { graph: original } of await readBench(family, 2)) {
      const base = graphCost(readNnMeterIr(original));
      const twice = graphCost(readNnMeterIr(original, { inputShapes: [2, 224, 224, 3] }));
      expect(twice.macs).toBe(2 * base.macs);
      expect(twice.parameters).toBe(base.parameters);
      const wide = readNnMeterIr(original, { inputShapes: { input_im_0: [1, 224, 448, 3] } });
      expect(graphCost(wide).parameters).toBe(base.parameters);
      const ratio = graphCost(wide).macs / base.macs;
      expect(ratio).toBeGreaterThan(1.8);
      expect(ratio).toBeLessThan(2.1);
      for (const output of wide.outputs) {
        expect(wide.tensor(output).shape).toEqual(readNnMeterIr(original).tensor(output).shape);
      }
    }
  });
});

sharedTest('finds nothing in the benchmark', async () => {
  for (const file of benchFiles) {
    for (const { graph } of await readBench(file, 3)) {
      expect(validateGraph(readNnMeterIr(graph), { requireShapes: true })).toEqual([]);
    }
  }
});

sharedTest('MACs equal those the benchmark states for its first networks', async () => {
  const facts: Record<string, { flops_first: Record<string, number> }> = JSON.parse(
    readFileSync(sharedPath('facts/bench_families.json'), 'utf8'),
  );
  const stated = new Map(
    Object.values(facts).flatMap((family) => Object.entries(family.flops_first)),
  );
  const first = await Promise.all(benchFiles.map((file) => readBench(file, 2)));
  const compared = first
    .flat()
    .filter(({ id }) => stated.has(id))
    .map(({ id, graph }) => [id, graphCost(readNnMeterIr(graph)).macs]);
  expect(compared.length).toBeGreaterThanOrEqual(20);
  expect(compared).toEqual(compared.map(([id]) => [id, stated.get(id as string)]));
});
