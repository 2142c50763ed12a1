import { describe, expect, test } from '@jest/globals';
import { type Graph, NnMeterError, readNnMeterIr } from '@nnmeter/ir';

type Attributes = Record<string, unknown>;

function node(
  type: string,
  inbounds: string[],
  inputShape: number[][],
  outputShape: number[][],
  attr: Attributes = {},
) {
  return {
    inbounds,
    outbounds: [],
    attr: { type, input_shape: inputShape, output_shape: outputShape, attr },
  };
}

const image = node('Placeholder', [], [], [[1, 8, 8, 4]]);

function shapeOf(graph: Graph, tensor: string) {
  return graph.tensor(tensor).shape;
}

describe('readNnMeterIr', () => {
  test('reads a convolution with TensorFlow names', () => {
    const graph = readNnMeterIr({
      image,
      conv: node('Conv2D', ['image'], [[1, 8, 8, 4]], [[1, 4, 4, 6]], {
        kernel_shape: [3, 3],
        strides: [2, 2],
        padding: 'SAME',
        pads: [0, 0, 0, 0],
      }),
    });
    expect(graph.inputs).toEqual(['image']);
    expect(graph.outputs).toEqual(['conv']);
    expect(graph.node('conv')).toEqual({
      name: 'conv',
      op: 'conv',
      attributes: {
        kernelShape: [3, 3],
        strides: [2, 2],
        dilations: [1, 1],
        pads: [0, 0, 1, 1],
        group: 1,
      },
      inputs: ['image', 'conv/weight'],
      outputs: ['conv'],
      sourceOp: 'Conv2D',
    });
    expect(graph.tensor('conv/weight')).toMatchObject({
      kind: 'constant',
      shape: [3, 3, 4, 6],
      layout: 'HWIO',
    });
    expect(graph.tensor('conv')).toMatchObject({ layout: 'NHWC', shape: [1, 4, 4, 6] });
  });

  test('hands out the results of a split by shape, then in the order of outbounds', () => {
    const graph = readNnMeterIr({
      image,
      split: {
        ...node(
          'Split',
          ['image'],
          [[1, 8, 8, 4]],
          [
            [1, 8, 8, 2],
            [1, 8, 8, 1],
            [1, 8, 8, 1],
          ],
          {
            split_dim: 3,
          },
        ),
        outbounds: ['c', 'b', 'a'],
      },
      a: node('Relu', ['split'], [[1, 8, 8, 2]], [[1, 8, 8, 2]]),
      b: node('Relu', ['split'], [[1, 8, 8, 1]], [[1, 8, 8, 1]]),
      c: node('Relu', ['split'], [[1, 8, 8, 1]], [[1, 8, 8, 1]]),
    });
    expect(graph.node('split')?.attributes).toEqual({ axis: 3, sizes: [2, 1, 1] });
    expect(graph.node('a')?.inputs).toEqual(['split']);
    expect(graph.node('c')?.inputs).toEqual(['split:1']);
    expect(graph.node('b')?.inputs).toEqual(['split:2']);
  });

  test('folds constants and identities, and makes operands without a node constants', () => {
    const graph = readNnMeterIr({
      image,
      same: node('Identity', ['image'], [[1, 8, 8, 4]], [[1, 8, 8, 4]]),
      three: node('Const', [], [], [[]], { constant: [3] }),
      add: node('Add', ['same', 'three'], [[1, 8, 8, 4], []], [[1, 8, 8, 4]]),
      mul: node('Mul', ['add'], [[1, 8, 8, 4], []], [[1, 8, 8, 4]], { constant: 0.5 }),
      bias: node('BiasAdd', ['mul'], [[1, 8, 8, 4]], [[1, 8, 8, 4]]),
    });
    expect(graph.nodes.map((each) => each.op)).toEqual(['add', 'mul', 'add']);
    expect(graph.node('add')?.inputs).toEqual(['image', 'three']);
    expect(graph.tensor('three')).toMatchObject({ kind: 'constant', shape: [], values: [3] });
    expect(graph.tensor(graph.node('mul')!.inputs[1]!)).toMatchObject({ shape: [], values: [0.5] });
    expect(shapeOf(graph, graph.node('bias')!.inputs[1]!)).toEqual([4]);
  });

  test.each([
    ['a list', [], 'must be object'],
    ['no nodes', {}, 'has no nodes'],
    ['text that is no JSON', '{"a":', 'no valid JSON'],
    ['a dataset line', { id: 'x', graph: { image } }, 'key "graph"'],
    ['a wrong type', { a: { attr: { type: 7 } } }, 'node "a": attr.type must be string'],
    [
      'a wrong shape',
      { 'a/b': { attr: { type: 'Relu', input_shape: [[1, 'x']] } } },
      'node "a/b": attr.input_shape[0][1] must be integer',
    ],
    [
      'a cycle',
      {
        a: node('Relu', ['b'], [[1, 4]], [[1, 4]]),
        b: node('Relu', ['a'], [[1, 4]], [[1, 4]]),
      },
      'in a cycle: "b" -> "a"',
    ],
  ])('names what is wrong with %s', (_, json, message) => {
    expect(() => readNnMeterIr(json)).toThrow(NnMeterError);
    expect(() => readNnMeterIr(json)).toThrow(message);
  });
});
