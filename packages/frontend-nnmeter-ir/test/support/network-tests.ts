import { beforeAll, expect, test } from '@jest/globals';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { graphCost, validateGraph } from '@nnmeter/ir';
import type { DatasetGraph } from '../../../../tests/support/shared.ts';

/** What holds for every network of the benchmark, whose input is the image `input_im_0`. */
export function testNetworks(load: () => Promise<readonly DatasetGraph[]>): void {
  let networks: readonly DatasetGraph[];
  beforeAll(async () => {
    networks = await load();
  });

  test('writing what was read keeps types, shapes and edges', () => {
    for (const original of networks) {
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

  test('reading what was written gives the same nodes and tensors', () => {
    for (const original of networks) {
      const graph = readNnMeterIr(original);
      const again = readNnMeterIr(JSON.stringify(writeNnMeterIr(graph)));
      expect(again.nodes).toEqual(graph.nodes);
      expect(again.tensors).toEqual(graph.tensors);
      expect(again.outputs).toEqual(graph.outputs);
    }
  });

  test('shapes that are left out are inferred', () => {
    for (const original of networks) {
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

  test('other input shapes: batch 2 doubles the work, 448 x 224 that of the image part', () => {
    for (const original of networks.slice(0, 2)) {
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

  test('nothing is amiss', () => {
    for (const original of networks) {
      expect(validateGraph(readNnMeterIr(original), { requireShapes: true })).toEqual([]);
    }
  });
}
