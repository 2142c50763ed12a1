import { expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

test('x * sigmoid(x) is a swish, whichever factor comes first', () => {
  for (const swapped of [false, true]) {
    const b = new GraphBuilder();
    const x = b.conv(b.input('x'));
    const gate = b.node('sigmoid', [x]);
    const graph = b.result(b.node('mul', swapped ? [gate, x] : [x, gate])).build();
    expect(stages(graph)).toEqual(['conv', 'swish']);
  }
});

test('a sigmoid that gates another tensor is not', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const other = b.conv(x);
  const graph = b.result(
    b.node('mul', [other, b.node('sigmoid', [x], { name: 's' })], { name: 'm' }),
  );
  expect(stages(graph.build())).toEqual(['conv', 'conv', 'sigmoid', 'mul']);
  expect(whyNot(graph.build(), 'swish', 's')).toBe('"m" does not multiply by the sigmoid\'s input');
});

test('a sigmoid that is read elsewhere too is not', () => {
  const b = new GraphBuilder();
  const x = b.conv(b.input('x'));
  const gate = b.node('sigmoid', [x], { name: 's' });
  const graph = b.result(b.node('mul', [x, gate]), b.node('relu', [gate])).build();
  expect(stages(graph)).toEqual(['conv', 'sigmoid', 'mul', 'relu']);
  expect(whyNot(graph, 'swish', 's')).toBe('"s" is not read by one mul only');
});
