import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { createGraph, type Graph, type Node, type Tensor } from '@nnmeter/ir';

function tensor(name: string, kind: Tensor['kind'], shape: number[], extra: Partial<Tensor> = {}) {
  return { name, kind, dataType: 'float32', shape, ...extra } as Tensor;
}

const image = (name: string, shape: number[], kind: Tensor['kind'] = 'activation') =>
  tensor(name, kind, shape, { layout: 'NCHW' });

/** An NCHW network as an ONNX reader makes it. */
function channelsFirstGraph(): Graph {
  const nodes = [
    {
      name: 'conv',
      op: 'conv',
      sourceOp: 'Conv',
      attributes: {
        kernelShape: [3, 5],
        strides: [2, 1],
        pads: [1, 2, 1, 2],
        dilations: [1, 1],
        group: 1,
      },
      inputs: ['image', 'w', 'b'],
      outputs: ['conv_out'],
    },
    {
      name: 'clip',
      op: 'relu',
      sourceOp: 'Clip',
      attributes: { min: 0, max: 6 },
      inputs: ['conv_out'],
      outputs: ['clip_out'],
    },
    {
      name: 'split',
      op: 'split',
      sourceOp: 'Split',
      attributes: { axis: 1, sizes: [4, 4] },
      inputs: ['clip_out'],
      outputs: ['left', 'right'],
    },
    {
      name: 'scale',
      op: 'mul',
      sourceOp: 'Mul',
      attributes: {},
      inputs: ['gamma', 'right'],
      outputs: ['scaled'],
    },
    {
      name: 'join',
      op: 'concat',
      sourceOp: 'Concat',
      attributes: { axis: 1 },
      inputs: ['scaled', 'right', 'left'],
      outputs: ['joined'],
    },
    {
      name: 'mean',
      op: 'gap',
      sourceOp: 'ReduceMean',
      attributes: { axes: [2, 3], keepDims: false },
      inputs: ['joined'],
      outputs: ['pooled'],
    },
    {
      name: 'fc',
      op: 'fc',
      sourceOp: 'Gemm',
      attributes: { transposeA: false, transposeB: true },
      inputs: ['pooled', 'fc_w'],
      outputs: ['logits'],
    },
  ] satisfies Node[];
  return createGraph({
    name: 'net',
    nodes,
    tensors: [
      image('image', [1, 3, 8, 10], 'input'),
      tensor('w', 'constant', [8, 3, 3, 5], { layout: 'OIHW', dataType: 'int8' }),
      tensor('b', 'constant', [8]),
      image('conv_out', [1, 8, 4, 10]),
      image('clip_out', [1, 8, 4, 10]),
      image('left', [1, 4, 4, 10]),
      image('right', [1, 4, 4, 10]),
      tensor('gamma', 'constant', [4, 1, 1]),
      image('scaled', [1, 4, 4, 10]),
      image('joined', [1, 12, 4, 10]),
      tensor('pooled', 'activation', [1, 12]),
      tensor('fc_w', 'constant', [5, 12], { layout: 'OI' }),
      tensor('logits', 'activation', [1, 5]),
    ],
    inputs: ['image'],
    outputs: ['joined', 'logits'],
  });
}

describe('writeNnMeterIr', () => {
  test('moves channels last in shapes, weights and axes, and keeps the source op names', () => {
    const ir = writeNnMeterIr(channelsFirstGraph());
    expect(Object.keys(ir)).toEqual([
      'image',
      'conv',
      'clip',
      'split',
      'scale',
      'join',
      'mean',
      'fc',
    ]);
    expect(ir.image).toMatchObject({
      attr: { type: 'Placeholder', output_shape: [[1, 8, 10, 3]] },
      outbounds: ['conv'],
    });
    expect(ir.conv).toMatchObject({
      inbounds: ['image'],
      outbounds: ['clip'],
      attr: {
        type: 'Conv',
        input_shape: [[1, 8, 10, 3]],
        output_shape: [[1, 4, 10, 8]],
        attr: { kernel_shape: [3, 5], weight_shape: [3, 5, 3, 8], pads: [1, 2, 1, 2] },
      },
    });
    expect(ir.split).toMatchObject({
      outbounds: ['join', 'scale'],
      attr: {
        attr: { split_dim: 3 },
        output_shape: [
          [1, 4, 10, 4],
          [1, 4, 10, 4],
        ],
      },
    });
    expect(ir.join).toMatchObject({
      inbounds: ['scale', 'split', 'split'],
      attr: { attr: { axis: 3 } },
    });
    expect(ir.mean).toMatchObject({ attr: { attr: { reduction_indices: [1, 2] } } });
    expect(ir.fc).toMatchObject({ attr: { attr: { weight_shape: [12, 5] } } });
  });

  test('reading it back gives the same network with channels last', () => {
    const graph = readNnMeterIr(JSON.stringify(writeNnMeterIr(channelsFirstGraph())));
    expect(graph.nodes.map(({ op, attributes }) => ({ op, attributes }))).toEqual([
      {
        op: 'conv',
        attributes: {
          kernelShape: [3, 5],
          strides: [2, 1],
          pads: [1, 2, 1, 2],
          dilations: [1, 1],
          group: 1,
        },
      },
      { op: 'relu', attributes: { min: 0, max: 6 } },
      { op: 'split', attributes: { axis: 3, sizes: [4, 4] } },
      { op: 'mul', attributes: {} },
      { op: 'concat', attributes: { axis: 3 } },
      { op: 'gap', attributes: { axes: [1, 2], keepDims: false } },
      { op: 'fc', attributes: { transposeA: false, transposeB: false } },
    ]);
    expect(graph.node('join')?.inputs).toEqual(['scale', 'split:1', 'split']);
    expect(graph.outputs).toEqual(['join', 'fc']);
    const [weight, bias] = graph
      .node('conv')!
      .inputs.slice(1)
      .map((name) => graph.tensor(name));
    expect(weight).toMatchObject({ shape: [3, 5, 3, 8], layout: 'HWIO', dataType: 'int8' });
    expect(bias).toMatchObject({ shape: [8], dataType: 'float32', kind: 'constant' });
    expect(graph.tensor(graph.node('scale')!.inputs[0]!)).toMatchObject({
      kind: 'constant',
      name: 'gamma',
      shape: [4],
    });
    expect(graph.tensor('conv')).toMatchObject({ dataType: 'float32', shape: [1, 4, 10, 8] });
  });

  test('a node named __proto__ is a node like any other', () => {
    const json = '{"__proto__": {"attr": {"type": "Relu", "input_shape": [[1, 4]]}}}';
    const text = JSON.stringify(writeNnMeterIr(readNnMeterIr(json)));
    expect(readNnMeterIr(text).nodes.map(({ name, op }) => [name, op])).toEqual([
      ['__proto__', 'relu'],
    ]);
  });
});
