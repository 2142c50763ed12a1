import { describe, expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

const TOKENS = [1, 196, 768];

function network(write: (b: GraphBuilder, x: string) => string) {
  const b = new GraphBuilder();
  const x = b.node('fc', [b.input('x', TOKENS), b.constant('w', [768, 768])], {
    attributes: { transposeA: false, transposeB: false },
  });
  return b.result(write(b, x)).build();
}

const erf = (b: GraphBuilder, x: string) =>
  b.node('erf', [b.node('div', [x, b.scalar(Math.SQRT2)])], { name: 'curve' });

function tanh(b: GraphBuilder, x: string, cube: string) {
  const sum = b.node('add', [x, b.node('mul', [cube, b.scalar(0.044715)])]);
  return b.node('tanh', [b.node('mul', [sum, b.scalar(Math.sqrt(2 / Math.PI))])], {
    name: 'curve',
  });
}

const onePlus = (b: GraphBuilder, curve: string) => b.node('add', [curve, b.scalar(1)]);

describe('spellings of gelu', () => {
  test('erf as PyTorch exports it: times x, times 1/2', () => {
    const graph = network((b, x) =>
      b.node('mul', [b.node('mul', [x, onePlus(b, erf(b, x))]), b.scalar(0.5)]),
    );
    expect(stages(graph)).toEqual(['fc', 'gelu']);
  });

  test('erf, the half first', () => {
    const graph = network((b, x) =>
      b.node('mul', [b.node('mul', [x, b.scalar(0.5)]), onePlus(b, erf(b, x))]),
    );
    expect(stages(graph)).toEqual(['fc', 'gelu']);
  });

  test('erf, the half on the curve', () => {
    const graph = network((b, x) =>
      b.node('mul', [b.node('div', [onePlus(b, erf(b, x)), b.scalar(2)]), x]),
    );
    expect(stages(graph)).toEqual(['fc', 'gelu']);
  });

  test('erfc of the negated, as TensorFlow has it', () => {
    const graph = network((b, x) => {
      const argument = b.node('mul', [b.node('neg', [x]), b.scalar(Math.SQRT1_2)]);
      const curve = b.node('erf', [argument], { sourceOp: 'Erfc' });
      return b.node('mul', [b.node('mul', [b.scalar(0.5), x]), curve]);
    });
    expect(stages(graph)).toEqual(['fc', 'gelu']);
  });

  test('tanh with pow, as GPT-2 has it', () => {
    const graph = network((b, x) => {
      const cube = b.node('pow', [x, b.scalar(3)]);
      return b.node('mul', [b.node('mul', [x, b.scalar(0.5)]), onePlus(b, tanh(b, x, cube))]);
    });
    expect(stages(graph)).toEqual(['fc', 'gelu']);
  });

  test('tanh with products', () => {
    const graph = network((b, x) => {
      const cube = b.node('mul', [b.node('mul', [x, x]), x]);
      return b.node('mul', [b.node('mul', [x, onePlus(b, tanh(b, x, cube))]), b.scalar(0.5)]);
    });
    expect(stages(graph)).toEqual(['fc', 'gelu']);
  });

  test('x * sigmoid(1.702 x), as CLIP has it', () => {
    const graph = network((b, x) =>
      b.node('mul', [x, b.node('sigmoid', [b.node('mul', [x, b.scalar(1.702)])])]),
    );
    expect(stages(graph)).toEqual(['fc', 'gelu']);
  });
});

describe('why not', () => {
  test('the error function of something else', () => {
    const graph = network((b, x) => b.node('erf', [x], { name: 'curve' }));
    expect(whyNot(graph, 'gelu', 'curve')).toBe('"curve" does not read x / sqrt 2');
  });

  test('no half', () => {
    const graph = network((b, x) => b.node('mul', [x, onePlus(b, erf(b, x))], { name: 'product' }));
    expect(stages(graph)).toEqual(['fc', 'div', 'erf', 'add', 'mul']);
    expect(whyNot(graph, 'gelu', 'curve')).toBe('"product" is not halved');
  });

  test('another cube', () => {
    const graph = network((b, x) => {
      const square = b.node('pow', [x, b.scalar(2)]);
      const curve = tanh(b, x, square);
      return b.node('mul', [b.node('mul', [x, b.scalar(0.5)]), onePlus(b, curve)]);
    });
    expect(whyNot(graph, 'gelu', 'curve')).toContain('does not add x and 0.044715 times its cube');
  });

  test('a plain tanh', () => {
    const graph = network((b, x) => b.node('tanh', [x], { name: 'curve' }));
    expect(stages(graph)).toEqual(['fc', 'tanh']);
    expect(whyNot(graph, 'gelu', 'curve')).toContain('does not read a sum');
  });
});
