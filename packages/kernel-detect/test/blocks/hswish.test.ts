import { describe, expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

/** conv, then hswish by add, relu6 and the given steps. */
function written(three: number, finish: (b: GraphBuilder, x: string, gate: string) => string) {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const sum = b.node('add', [x, b.scalar(three)], { name: 'sum' });
  return b.result(finish(b, x, b.relu6(sum))).build();
}

describe('spellings of hswish', () => {
  test.each([
    [
      'times x, times 1/6',
      (b: GraphBuilder, x: string, gate: string) =>
        b.node('mul', [b.node('mul', [x, gate]), b.scalar(1 / 6)]),
    ],
    [
      'times x, over 6',
      (b: GraphBuilder, x: string, gate: string) =>
        b.node('div', [b.node('mul', [x, gate]), b.scalar(6)]),
    ],
    [
      'over 6, times x',
      (b: GraphBuilder, x: string, gate: string) =>
        b.node('mul', [x, b.node('div', [gate, b.scalar(6)])]),
    ],
    [
      'times 1/6, times x',
      (b: GraphBuilder, x: string, gate: string) =>
        b.node('mul', [b.node('mul', [gate, b.scalar(1 / 6)]), x]),
    ],
  ])('%s', (_, finish) => {
    expect(stages(written(3, finish))).toEqual(['conv', 'hswish']);
  });

  test('hardsigmoid of slope 1/6 times x', () => {
    const b = new GraphBuilder();
    const x = b.conv(b.input('x'));
    const gate = b.node('hardsigmoid', [x], {
      attributes: { alpha: 0.1666666716337204, beta: 0.5 },
    });
    expect(stages(b.result(b.node('mul', [x, gate])).build())).toEqual(['conv', 'hswish']);
  });

  test('the single op', () => {
    const b = new GraphBuilder();
    const graph = b.result(b.node('hswish', [b.conv(b.input('x'))])).build();
    expect(stages(graph)).toEqual(['conv', 'hswish']);
  });
});

describe('no hswish', () => {
  const timesXOver6 = (b: GraphBuilder, x: string, gate: string) =>
    b.node('div', [b.node('mul', [x, gate], { name: 'product' }), b.scalar(6)]);

  test('with another constant than 3', () => {
    const graph = written(2, timesXOver6);
    expect(stages(graph)).toEqual(['conv', 'add', 'relu', 'mul', 'div']);
    expect(whyNot(graph, 'hswish', 'sum')).toBe('"sum" does not add 3');
  });

  test('without the scaling', () => {
    const graph = written(3, (b, x, gate) => b.node('mul', [x, gate], { name: 'product' }));
    expect(whyNot(graph, 'hswish', 'sum')).toBe('"product" is not scaled by 1/6');
  });

  test('with another scale', () => {
    const graph = written(3, (b, x, gate) =>
      b.node('div', [b.node('mul', [x, gate]), b.scalar(7)], { name: 'seventh' }),
    );
    expect(whyNot(graph, 'hswish', 'sum')).toBe('"seventh" does not scale by 1/6');
  });

  test('where a residual add meets a relu6', () => {
    const b = new GraphBuilder();
    const x = b.conv(b.input('x'));
    const sum = b.node('add', [b.conv(x), x], { name: 'sum' });
    const graph = b.result(b.relu6(sum)).build();
    expect(whyNot(graph, 'hswish', 'sum')).toBe('"sum" adds two computed tensors');
  });

  test('with the slope ONNX takes by default', () => {
    const b = new GraphBuilder();
    const x = b.conv(b.input('x'));
    const gate = b.node('hardsigmoid', [x], { attributes: { alpha: 0.2, beta: 0.5 }, name: 'h' });
    const graph = b.result(b.node('mul', [x, gate])).build();
    expect(stages(graph)).toEqual(['conv', 'hardsigmoid', 'mul']);
    expect(whyNot(graph, 'hswish', 'h')).toBe('"h" has another slope or offset than x/6 + 1/2');
  });
});
