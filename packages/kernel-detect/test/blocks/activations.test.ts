import { expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

test('x * tanh(softplus(x)) is mish', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const graph = b.result(b.node('mul', [x, b.node('tanh', [b.node('softplus', [x])])])).build();
  expect(stages(graph)).toEqual(['conv', 'mish']);
});

test('y * tanh(softplus(x)) is not', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const y = b.input('y');
  const curve = b.node('softplus', [x], { name: 'curve' });
  const graph = b.result(b.node('mul', [y, b.node('tanh', [curve])], { name: 'product' })).build();
  expect(whyNot(graph, 'mish', 'curve')).toBe('"product" does not multiply by x');
});

const prelu = (read: (x: string, y: string) => string) => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const positive = b.node('relu', [read(x, b.input('y'))]);
  const negative = b.node('relu', [b.node('neg', [x], { name: 'neg' })]);
  const scaled = b.node('mul', [b.constant('slope', [16, 1, 1]), negative]);
  return b.result(b.node('add', [positive, scaled], { name: 'sum' })).build();
};

test('relu(x) + slope * relu(-x), as Keras writes it, is prelu', () => {
  expect(stages(prelu((x) => x))).toEqual(['conv', 'prelu']);
});

test('relu(y) + slope * relu(-x) is not', () => {
  expect(
    whyNot(
      prelu((_, y) => y),
      'prelu',
      'neg',
    ),
  ).toBe('"sum" does not add the relu of x');
});
