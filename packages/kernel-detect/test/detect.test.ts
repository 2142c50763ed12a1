import { describe, expect, test } from '@jest/globals';
import type { Graph } from '@nnmeter/ir';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import { GraphBuilder } from './support/graph.ts';
import { cpu, gpu, vpu } from './support/rules.ts';

const types = (graph: Graph, rules: FusionRules) =>
  detectKernels(graph, rules).map((kernel) => kernel.type);

/** conv-bn twice, the second with a shortcut around it, then a relu. */
function residual(): Graph {
  const b = new GraphBuilder();
  const x = b.node('relu', [b.conv(b.input('x'), { name: 'first' })]);
  const y = b.node('bn', [b.conv(x, { name: 'second' })]);
  const sum = b.node('add', [y, x], { name: 'sum' });
  return b.result(b.node('relu', [sum], { name: 'last' })).build();
}

describe('detectKernels', () => {
  test('fuses a linear layer with bn and activation; add by the device', () => {
    expect(types(residual(), cpu)).toEqual(['conv-relu', 'conv-bn', 'add-relu']);
    expect(types(residual(), gpu)).toEqual(['conv-relu', 'conv-bn-add-relu']);
    expect(types(residual(), vpu)).toEqual(['conv-relu', 'conv-bn', 'add-relu']);
  });

  test('devices that fuse alike share what is found, and no other', () => {
    const graph = residual();
    const kernels = detectKernels(graph, gpu);
    const fuse = { ...gpu.fuse, BF_relu_pow: false };
    expect(detectKernels(graph, { fuse })).toBe(kernels);
    expect(types(graph, { fuse: { ...fuse, BF_conv_add: false } })).toEqual(types(graph, cpu));
    expect(detectKernels(graph, gpu)).toEqual(kernels);
  });

  test('tells members, root, tensors and neighbours of a kernel', () => {
    const [first, second] = detectKernels(residual(), gpu);
    expect(second).toMatchObject({ index: 1, stages: ['conv', 'bn', 'add', 'relu'] });
    expect(second!.nodes.map((node) => node.name)).toEqual(['second', 'bn_3', 'sum', 'last']);
    expect(second!.root.name).toBe('second');
    expect(second!.inputs.map((tensor) => tensor.name)).toEqual(['relu_1:0']);
    expect(second!.outputs.map((tensor) => tensor.name)).toEqual(['last:0']);
    expect(second!.inputKernels).toEqual([0]);
    expect(first!.inputKernels).toEqual([]);
    expect(first!.inputs.map((tensor) => tensor.name)).toEqual(['x']);
  });

  test('of two convolutions the later one takes the add', () => {
    const b = new GraphBuilder();
    const x = b.input('x');
    const early = b.conv(x, { name: 'early' });
    const late = b.conv(b.node('relu', [b.conv(x)]), { name: 'late' });
    const graph = b.result(b.node('add', [early, late])).build();
    expect(detectKernels(graph, gpu).map((k) => [k.type, k.root.name])).toEqual([
      ['conv', 'early'],
      ['conv-relu', 'conv_1'],
      ['conv-add', 'late'],
    ]);
  });

  test('a node read twice, or whose value is a result, is not fused', () => {
    const b = new GraphBuilder();
    const y = b.conv(b.input('x'));
    const graph = b.result(b.node('relu', [y]), b.node('relu', [b.conv(y)])).build();
    expect(types(graph, cpu)).toEqual(['conv', 'relu', 'conv-relu']);

    const c = new GraphBuilder();
    const z = c.conv(c.input('x'));
    expect(types(c.result(z, c.node('relu', [z])).build(), cpu)).toEqual(['conv', 'relu']);
  });

  test('a bias written as an add belongs to its layer', () => {
    const b = new GraphBuilder();
    const y = b.conv(b.input('x'));
    const biased = b.node('add', [y, b.constant('bias', [1, 16, 1, 1])]);
    const graph = b.result(b.node('relu', [biased])).build();
    const [kernel] = detectKernels(graph, cpu);
    expect(kernel!.type).toBe('conv-relu');
    expect(kernel!.nodes).toHaveLength(3);

    const c = new GraphBuilder();
    const sum = c.node('add', [c.conv(c.input('x')), c.constant('map', [1, 16, 8, 8])]);
    expect(types(c.result(sum).build(), cpu)).toEqual(['conv', 'add']);
  });

  test('a bn after an activation cannot be folded', () => {
    const b = new GraphBuilder();
    const y = b.node('bn', [b.node('relu', [b.conv(b.input('x'))])]);
    expect(types(b.result(y).build(), cpu)).toEqual(['conv-relu', 'bn']);
  });

  test('rules that are not understood are refused', () => {
    const fuse = { BF_conv_bn_relu: true };
    expect(() => detectKernels(residual(), { fuse })).toThrow('fusion rule "BF_conv_bn_relu"');
  });
});
