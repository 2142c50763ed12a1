import { expect, test } from '@jest/globals';
import { detectKernels } from '@nnmeter/kernel-detect';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

type Bounds = [axis: number, start: number, end: number];

function sliced(...bounds: Bounds[]) {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const parts = bounds.map(([axis, start, end], index) =>
    b.node('slice', [x], {
      attributes: { axes: [axis], starts: [start], ends: [end], steps: [1] },
      shape: [1, 8, 8, 8],
      name: `part${index}`,
    }),
  );
  return b.result(...parts.map((part) => b.node('relu', [part]))).build();
}

test('sibling slices are one split of several results', () => {
  const graph = sliced([1, 0, 8], [1, 8, 16]);
  expect(stages(graph)).toEqual(['conv', 'split', 'relu', 'relu']);
  const kernels = detectKernels(graph, { fuse: { BF_split_relu: true } });
  expect(kernels.map((kernel) => kernel.inputKernels)).toEqual([[], [0], [1], [1]]);
  expect(kernels[1]!.outputs.map((tensor) => tensor.name)).toEqual(['part0:0', 'part1:0']);
  expect(kernels[1]!.nodes).toHaveLength(2);
});

test('bounds counted from the end', () => {
  expect(stages(sliced([1, 0, -8], [1, -8, 2 ** 31 - 1]))).toEqual([
    'conv',
    'split',
    'relu',
    'relu',
  ]);
});

test('a split comes before what reads its first part, even if the other part is cut later', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const cut = (start: number) =>
    b.node('slice', [x], {
      attributes: { axes: [1], starts: [start], ends: [start + 8], steps: [1] },
      shape: [1, 8, 8, 8],
    });
  const left = b.conv(b.conv(cut(0)));
  const graph = b.result(b.node('concat', [left, cut(8)], { attributes: { axis: 1 } })).build();
  expect(stages(graph)).toEqual(['conv', 'split', 'conv', 'conv', 'concat']);
});

test('why not', () => {
  expect(whyNot(sliced([1, 0, 8]), 'split', 'part0')).toBe(
    '"part0" has no sibling slice of the same tensor',
  );
  expect(whyNot(sliced([1, 0, 8], [1, 4, 12]), 'split', 'part0')).toBe(
    '"part1" overlaps a sibling',
  );
  expect(whyNot(sliced([1, 0, 8], [2, 4, 8]), 'split', 'part0')).toBe(
    '"part1" slices another axis',
  );
  expect(stages(sliced([1, 0, 8], [1, 4, 12]))).toEqual(['conv', 'slice', 'slice', 'relu', 'relu']);
});
