import { describe, expect, test } from '@jest/globals';
import { explainFusion, type FusionRules } from '@nnmeter/kernel-detect';
import { GraphBuilder } from './support/graph.ts';
import { cpu, gpu, vpu } from './support/rules.ts';

function residual() {
  const b = new GraphBuilder();
  const x = b.node('relu', [b.conv(b.input('x'), { name: 'first' })], { name: 'relu' });
  const biased = b.node('add', [b.conv(x, { name: 'second' }), b.constant('b', [16, 1, 1])], {
    name: 'bias',
  });
  const sum = b.node('add', [biased, x], { name: 'sum' });
  return b.result(b.node('maxpool', [sum], { name: 'pool' })).build();
}

const why = (rules: FusionRules, from: string, to: string, graph = residual()) => {
  const pair = explainFusion(graph, rules, to).pairs.find((entry) => entry.from === from)!;
  return `${pair.fused ? 'fused' : 'apart'}: ${pair.reason}`;
};

describe('explainFusion', () => {
  test('says which rule, or what else, decides', () => {
    expect(why(cpu, 'first', 'relu')).toBe('fused: rule BF_conv_relu is true');
    expect(why(cpu, 'second', 'bias')).toBe(
      'fused: the add of a constant is the bias of its layer',
    );
    expect(why(cpu, 'bias', 'sum')).toBe('apart: rule BF_conv_add is false');
    expect(why(gpu, 'bias', 'sum')).toBe('fused: rule BF_conv_add is true');
    expect(why(cpu, 'relu', 'second')).toBe('apart: "relu" has 2 consumers');
    expect(why(gpu, 'sum', 'pool')).toContain('apart: rule BF_conv_maxpool is false');
    expect(why({ fuse: {} }, 'first', 'relu')).toBe('apart: rule BF_conv_relu is not given');
  });

  test('gives the reason of the data for rules that were changed', () => {
    expect(why(vpu, 'sum', 'pool')).toMatch(
      /^apart: rule BF_add_maxpool is false \(.+ kernel of its own\)$/,
    );
  });

  test('says which of two kernels takes an add', () => {
    const b = new GraphBuilder();
    const x = b.input('x');
    const [early, late] = [b.conv(x, { name: 'early' }), b.conv(x, { name: 'late' })];
    const graph = b.result(b.node('add', [early, late], { name: 'sum' })).build();
    expect(why(gpu, 'early', 'sum', graph)).toBe(
      'apart: the kernel of "late", completed later, takes it',
    );
    expect(why(gpu, 'late', 'sum', graph)).toBe('fused: rule BF_conv_add is true');
  });

  test('knows results, blocks and splits', () => {
    const b = new GraphBuilder();
    const y = b.conv(b.input('x'), { name: 'conv' });
    const gate = b.node('sigmoid', [y], { name: 'gate' });
    const swish = b.node('mul', [y, gate], { name: 'product' });
    const parts = b.node('split', [swish], {
      name: 'parts',
      attributes: { axis: 1, sizes: [8, 8] },
    });
    const graph = b.result(swish, b.node('relu', [parts], { name: 'relu' })).build();
    expect(why(gpu, 'gate', 'product', graph)).toBe('fused: both belong to the block swish');
    expect(why(gpu, 'conv', 'gate', graph)).toBe('apart: rule BF_conv_swish is not given');
    expect(why(gpu, 'product', 'parts', graph)).toBe('apart: "product" is a result of the graph');
  });

  test('without a name it covers every edge of the graph', () => {
    const { pairs } = explainFusion(residual(), cpu);
    expect(pairs.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'first relu',
      'relu second',
      'second bias',
      'bias sum',
      'relu sum',
      'sum pool',
    ]);
  });

  test('an unknown node is an error', () => {
    expect(() => explainFusion(residual(), cpu, 'nowhere')).toThrow('has no node "nowhere"');
  });
});
