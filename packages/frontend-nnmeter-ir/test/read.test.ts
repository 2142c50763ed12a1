import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, NnMeterError, type ReadOptions } from '@nnmeter/ir';

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

  test('reads files as nn-Meter 2.0 writes them from TensorFlow', () => {
    const graph = readNnMeterIr({
      image,
      conv: node('Conv2D', ['image'], [[1, 8, 8, 4]], [[1, 8, 8, 6]], {
        kernel_shape: [3, 3],
        strides: [1, 1],
        padding: 'SAME',
        pads: [0, 0, 0, 0],
      }),
      bn: node(
        'FusedBatchNorm',
        ['conv', 'bn/moving_variance/read'],
        [[1, 8, 8, 6]],
        [[1, 8, 8, 6]],
      ),
    });
    expect(graph.node('conv')?.attributes).toMatchObject({ pads: [1, 1, 1, 1] });
    expect(graph.node('bn')?.inputs).toEqual(['conv']);
    expect(graph.warnings).toEqual([
      '1 inbounds name nodes that are not in the file and were dropped, e.g. "bn/moving_variance/read"',
    ]);
  });

  test('reads files as nn-Meter 2.0 writes them from ONNX: no inputs, axes still channels first', () => {
    const graph = readNnMeterIr({
      Conv_0: node('Conv', [], [[0, 8, 8, 4]], [[0, 8, 8, 4]], {
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
        group: 4,
        auto_pad: "b'NOTSET'",
      }),
      Split_1: node(
        'Split',
        ['Conv_0'],
        [[1, 8, 8, 4]],
        [
          [1, 8, 8, 1],
          [1, 8, 8, 3],
        ],
        { axis: 1 },
      ),
      Concat_2: node(
        'Concat',
        ['Split_1:1', 'Split_1'],
        [
          [1, 8, 8, 3],
          [1, 8, 8, 1],
        ],
        [[1, 8, 8, 4]],
        {
          axis: 1,
        },
      ),
      ReduceMean_3: node('ReduceMean', ['Concat_2'], [[1, 8, 8, 4]], [[1, 1, 1, 4]], {
        axes: [2, 3],
        keepdims: 1,
      }),
    });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['dwconv', 'split', 'concat', 'gap']);
    expect(graph.inputs).toEqual(['Conv_0/operand_0']);
    expect(graph.tensor('Conv_0/weight')).toMatchObject({ shape: [3, 3, 4, 1], layout: 'HWCM' });
    expect(graph.node('Split_1')?.attributes).toEqual({ axis: 3, sizes: [1, 3] });
    expect(graph.node('Concat_2')).toMatchObject({
      attributes: { axis: 3 },
      inputs: ['Split_1:1', 'Split_1'],
    });
    expect(graph.node('ReduceMean_3')?.attributes).toEqual({ axes: [1, 2], keepDims: true });
    expect(graph.warnings).toEqual(['2 shapes have an unknown batch, taken as 1']);
  });

  test.each<[string, number[][], number[][], Attributes, object]>([
    [
      'Conv2D',
      [[1, 8, 8, 4]],
      [[1, 8, 8, 6]],
      { weight_shape: [1, 1, 2, 6] },
      { op: 'conv', attributes: { group: 2 } },
    ],
    ['conv', [[1, 8, 8, 4]], [[1, 8, 8, 6]], { ksize: 1 }, { op: 'conv' }],
    [
      'DepthwiseConv2dNative',
      [[1, 8, 8, 4]],
      [[1, 8, 8, 8]],
      { kernel_shape: [1, 1] },
      { op: 'dwconv', attributes: { group: 4 } },
    ],
    [
      'Conv2DBackpropInput',
      [[1, 4, 4, 4]],
      [[1, 8, 8, 6]],
      { kernel_shape: 2, strides: [1, 2, 2, 1] },
      { op: 'convtranspose', attributes: { strides: [2, 2] } },
    ],
    ['Gemm', [[1, 8]], [[1, 5]], { transB: 1 }, { op: 'fc', attributes: { transposeB: true } }],
    [
      'MatMul',
      [
        [4, 8],
        [8, 5],
      ],
      [[4, 5]],
      {},
      { op: 'matmul' },
    ],
    [
      'BatchMatMulV2',
      [
        [2, 4, 8],
        [2, 5, 8],
      ],
      [[2, 4, 5]],
      { adj_y: true },
      { op: 'matmul', attributes: { transposeB: true } },
    ],
    ['FusedBatchNormV3', [[1, 8, 8, 4]], [[1, 8, 8, 4]], {}, { op: 'bn' }],
    ['Relu6', [[1, 4]], [[1, 4]], {}, { op: 'relu', attributes: { max: 6 } }],
    [
      'Clip',
      [[1, 4]],
      [[1, 4]],
      { min: -1, max: 1 },
      { op: 'clip', attributes: { min: -1, max: 1 } },
    ],
    ['HardSwish', [[1, 4]], [[1, 4]], {}, { op: 'hswish' }],
    ['SiLU', [[1, 4]], [[1, 4]], {}, { op: 'swish' }],
    [
      'AveragePool',
      [[1, 8, 8, 4]],
      [[1, 1, 1, 4]],
      { kernel_shape: [8, 8] },
      { op: 'avgpool', attributes: { kernelShape: [8, 8] } },
    ],
    [
      'GlobalAveragePool',
      [[1, 8, 8, 4]],
      [[1, 1, 1, 4]],
      {},
      { op: 'gap', attributes: { axes: [1, 2], keepDims: true } },
    ],
    [
      'Mean',
      [[1, 8, 8, 4]],
      [[1, 4]],
      { reduction_indices: [1, 2] },
      { op: 'gap', attributes: { keepDims: false } },
    ],
    [
      'Mean',
      [[1, 8, 8, 4]],
      [[1, 8, 8]],
      { reduction_indices: [3] },
      { op: 'reducemean', attributes: { axes: [3] } },
    ],
    [
      'Sum',
      [
        [1, 4],
        [1, 4],
      ],
      [[1, 4]],
      {},
      { op: 'add' },
    ],
    [
      'Sum',
      [[1, 4]],
      [[1]],
      { reduction_indices: 1 },
      { op: 'reducesum', attributes: { axes: [1], keepDims: false } },
    ],
    [
      'Slice',
      [[1, 8]],
      [
        [1, 4],
        [1, 4],
      ],
      {},
      { op: 'split', attributes: { axis: 1, sizes: [4, 4] } },
    ],
    [
      'StridedSlice',
      [[1, 8]],
      [[1, 4]],
      {},
      { op: 'slice', attributes: { axes: [1], starts: [0], ends: [4] } },
    ],
    ['Flatten', [[1, 2, 2, 3]], [[1, 12]], {}, { op: 'reshape', attributes: { shape: [1, 12] } }],
    ['Softmax', [[1, 8]], [[1, 8]], { axis: -1 }, { op: 'softmax', attributes: { axis: 1 } }],
    [
      'Pad',
      [[1, 8, 8, 4]],
      [[1, 9, 9, 4]],
      {},
      { op: 'pad', attributes: { pads: [0, 0, 0, 0, 0, 1, 1, 0] } },
    ],
    [
      'NonsenseOp',
      [[1, 8]],
      [[1, 8]],
      { alpha: 2, tags: ['x'], nested: {} },
      { op: 'custom', sourceOp: 'NonsenseOp', attributes: { alpha: 2, tags: ['x'] } },
    ],
  ])('%s %j -> %j %j', (type, inputShapes, outputShapes, attr, expected) => {
    const inputs = inputShapes.map((shape, index) => [
      `in${index}`,
      node('Placeholder', [], [], [shape]),
    ]);
    const graph = readNnMeterIr({
      ...Object.fromEntries(inputs),
      it: node(
        type,
        inputs.map(([name]) => name as string),
        inputShapes,
        outputShapes,
        attr,
      ),
    });
    expect(graph.node('it')).toMatchObject(expected);
  });

  test('folds what only computes shapes, as in a channel shuffle of TensorFlow', () => {
    const graph = readNnMeterIr({
      image,
      shape: node('Shape', ['image'], [[1, 8, 8, 4]], [[4]]),
      begin: node('Const', [], [], [[1]]),
      batch: node('StridedSlice', ['shape', 'begin'], [[4], [1]], [[]]),
      pack: node('Pack', ['batch', 'begin'], [[], [1]], [[5]]),
      apart: node('Reshape', ['image', 'pack'], [[1, 8, 8, 4], [5]], [[1, 8, 8, 2, 2]]),
    });
    expect(graph.nodes.map(({ name }) => name)).toEqual(['apart']);
    expect(graph.node('apart')?.inputs).toEqual(['image', 'pack']);
    expect(graph.tensor('shape')).toMatchObject({ kind: 'constant', values: [1, 8, 8, 4] });
  });

  test('takes input shapes from the user', () => {
    const network = {
      image: { attr: { type: 'Placeholder' } },
      conv: {
        inbounds: ['image'],
        attr: { type: 'Conv2D', attr: { weight_shape: [3, 3, 4, 6], strides: 2, padding: 'SAME' } },
      },
    };
    expect(readNnMeterIr(network).tensor('conv').shape).toBeUndefined();
    const graph = readNnMeterIr(network, { inputShapes: { image: [2, 9, 12, 4] } });
    expect(shapeOf(graph, 'conv')).toEqual([2, 5, 6, 6]);
    expect(graph.node('conv')?.attributes).toMatchObject({ pads: [1, 0, 1, 1] });
    const open = {
      image: node('Placeholder', [], [], [[-1, -1, -1, 4]]),
      conv: { ...network.conv, attr: { ...network.conv.attr, output_shape: [[-1, -1, -1, 6]] } },
    };
    const settled = readNnMeterIr(open, { inputShapes: [2, 9, 12, 4] });
    expect([...settled.tensors]).toEqual([...graph.tensors]);
    expect(() => readNnMeterIr(open)).toThrow(
      'input "image" has the shape [-1, -1, -1, 4]; only its batch may be unknown; give its shape',
    );
    const read = (inputShapes: ReadOptions['inputShapes'] & {}) => () =>
      readNnMeterIr({ ...network, image }, { inputShapes });
    expect(read({ picture: [1, 8, 8, 4] })).toThrow('no input "picture" (inputs: "image")');
    expect(read([1, 0, 8, 4])).toThrow('the shape [1, 0, 8, 4] for input "image" must be positive');
    expect(read([1, 8, 8, 3])).toThrow(
      'node "conv" (Conv2D): the operand [1, 8, 8, 3] has 3 channels, the weight [3, 3, 4, 6] is for 4',
    );
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
      'no kernel',
      { a: node('Conv2D', [], [[1, 4, 4, 1]], [[1, 4, 4, 1]]) },
      'node "a" (Conv2D): no kernel size',
    ],
    [
      'parts that do not add up',
      {
        a: node(
          'ConcatV2',
          [],
          [
            [1, 4],
            [1, 5],
          ],
          [[1, 8]],
          { axis: 1 },
        ),
      },
      'node "a" (ConcatV2): input shapes [1, 4], [1, 5] do not give output shapes [1, 8] on any axis',
    ],
    [
      'an axis outside',
      { a: node('Softmax', [], [[1, 4]], [[1, 4]], { axis: 2 }) },
      'node "a" (Softmax): axis 2 is outside a tensor of rank 2',
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
