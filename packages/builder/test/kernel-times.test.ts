import { expect, test } from '@jest/globals';
import { kernelTimes } from '@nnmeter/builder';
import { GraphBuilder } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';

function msOf(...[kernels, layers]: Parameters<typeof kernelTimes>): number[] {
  return kernelTimes(kernels, layers).map(({ ms }) => ms);
}

const builder = new GraphBuilder('three');
const image = builder.input('image', [1, 8, 16, 16]);
const first = builder.relu(builder.conv(image, 8, { kernel: 3, name: 'a/Conv' }), {
  name: 'a/Relu',
});
const second = builder.maxpool(first, 2, { stride: 2, name: 'b/MaxPool' });
const graph = builder.build(
  builder.relu(builder.conv(second, 4, { name: 'c/Conv' }), { name: 'c/Relu' }),
);
const kernels = detectKernels(graph, { fuse: { BF_conv_relu: true } });

test('layers are summed up by kernel, whether they name nodes or are named after them', () => {
  expect(kernels.map(({ type }) => type)).toEqual(['conv-relu', 'maxpool', 'conv-relu']);
  const layers = [
    { name: 'fused_1', nodes: ['a/Conv', 'a/Relu'], ms: 3 },
    { name: 'b/MaxPool', ms: 0.5 },
    { name: 'Convolution(c/Conv)', ms: 1 },
    { name: 'c/Relu:activation', ms: 0.25 },
  ];
  expect(msOf(kernels, layers)).toEqual([3, 0.5, 1.25]);
});

test('a layer over two kernels says nothing about either, and neither does silence', () => {
  const layers = [{ name: 'x', nodes: ['a/Conv', 'a/Relu', 'b/MaxPool'], ms: 4 }];
  expect(msOf(kernels, layers)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

test('changes of layout count to the layer that they are for', () => {
  const layers = [
    { name: 'reorder_1', op: 'ReorderInput', ms: 0.1 },
    { name: 'a/Conv', ms: 3 },
    { name: 'reorder_2', op: 'ReorderOutput', ms: 0.2 },
    { name: 'b/MaxPool', ms: 0.5 },
    { name: 'reorder_3', op: 'ReorderInput', ms: 0.4 },
    { name: 'c/Conv', ms: 1 },
    { name: 'end', op: 'ReorderOutput', ms: 0.8 },
  ];
  const times = kernelTimes(kernels, layers);
  expect(times.map(({ layers }) => layers)).toEqual([3, 1, 3]);
  for (const [index, ms] of [3.3, 0.5, 2.2].entries()) expect(times[index]!.ms).toBeCloseTo(ms);
});

test('a layer that adds to a shortcut what the rules add to the branch is the time of the shortcut', () => {
  const builder = new GraphBuilder('block');
  const image = builder.input('image', [1, 8, 16, 16]);
  const shortcut = builder.conv(image, 8, { name: 'shortcut' });
  const branch = builder.conv(image, 8, { kernel: 3, padding: 'same', name: 'branch' });
  const block = builder.build(builder.add(branch, shortcut, { name: 'sum' }));
  const kernels = detectKernels(block, { fuse: { BF_conv_add: true } });
  expect(kernels.map(({ nodes }) => nodes.map(({ name }) => name))).toEqual([
    ['shortcut'],
    ['branch', 'sum'],
  ]);
  const layers = [
    { name: 'branch', ms: 3 },
    { name: 'x', nodes: ['shortcut', 'sum'], ms: 1 },
  ];
  expect(msOf(kernels, layers)).toEqual([1, 3]);
});

test('what only moves data in the layer of what computes costs nothing there', () => {
  const builder = new GraphBuilder('moved');
  const image = builder.input('image', [1, 8, 4, 4]);
  const graph = builder.build(
    builder.fc(builder.reshape(image, [1, 128], { name: 'flat' }), 10, { name: 'fc' }),
  );
  const kernels = detectKernels(graph, { fuse: {} });
  expect(kernels.map(({ root }) => root.name)).toEqual(['flat', 'fc']);
  const [flat, fc] = msOf(kernels, [{ name: 'x', nodes: ['flat', 'fc'], ms: 2 }]);
  expect([flat, fc]).toEqual([Number.NaN, 2]);
});
