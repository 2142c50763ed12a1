import { describe, expect, test } from '@jest/globals';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { type Graph, graphCost, type Node, type NodeOf, type Op } from '@nnmeter/ir';
import { fixture, int, ints, network, node, value, vector, weight } from './support/onnx-model.ts';

function countOps(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of graph.nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

function find<O extends Op>(graph: Graph, op: O): NodeOf<O> {
  return graph.nodes.find((candidate): candidate is Node & NodeOf<O> => candidate.op === op)!;
}

describe('real networks', () => {
  test('ResNet-18 in canonical ops', () => {
    const graph = readOnnx(fixture('resnet18'), { name: 'resnet18' });
    expect(countOps(graph)).toEqual({
      conv: 20,
      relu: 17,
      maxpool: 1,
      add: 8,
      gap: 1,
      reshape: 1,
      fc: 1,
    });
    expect(graph.name).toBe('resnet18');
    expect(graph.inputs).toEqual(['input']);
    expect(graph.outputs).toEqual(['output']);
    expect(graph.metadata).toMatchObject({ format: 'onnx', opset: '13' });
    expect(graph.metadata.producer).toMatch(/^pytorch /);
    expect(graph.warnings).toEqual([]);
    const conv = find(graph, 'conv');
    expect(conv.attributes).toEqual({
      kernelShape: [7, 7],
      strides: [2, 2],
      pads: [3, 3, 3, 3],
      dilations: [1, 1],
      group: 1,
    });
    expect(conv.sourceOp).toBe('Conv');
    expect(
      conv.inputs.map((name) => graph.tensor(name)).map(({ kind, layout }) => [kind, layout]),
    ).toEqual([
      ['input', 'NCHW'],
      ['constant', 'OIHW'],
      ['constant', undefined],
    ]);
    expect(graph.tensor(find(graph, 'fc').inputs[1]!)).toMatchObject({
      shape: [1000, 512],
      layout: 'OI',
    });
  });

  test('MobileNetV2: depthwise convolutions and Clip(0, 6)', () => {
    const graph = readOnnx(fixture('mobilenet_v2'));
    expect(countOps(graph)).toEqual({
      conv: 35,
      dwconv: 17,
      relu: 35,
      add: 10,
      gap: 1,
      reshape: 1,
      fc: 1,
    });
    expect(find(graph, 'dwconv').attributes.group).toBe(32);
    expect(find(graph, 'relu')).toMatchObject({ attributes: { max: 6 }, sourceOp: 'Clip' });
  });

  // Giga-MACs as torchvision lists them ("GFLOPS") for its models.
  test.each([
    ['resnet18', 1.814],
    ['mobilenet_v2', 0.301],
    ['mobilenet_v3_small', 0.057],
    ['shufflenet_v2_x0_5', 0.042],
    ['squeezenet1_1', 0.349],
  ])('%s has the published number of MACs', (name, published) => {
    const { macs, unknownNodes } = graphCost(readOnnx(fixture(name)));
    expect(unknownNodes).toEqual([]);
    expect(macs / 1e9).toBeCloseTo(published, 2);
  });

  test('ConvNeXt: transposition makes images channels-last and back', () => {
    const graph = readOnnx(fixture('tiny_convnext'));
    const layouts = (op: Op): (string | undefined)[] =>
      graph.nodes
        .filter((each) => each.op === op)
        .map(({ outputs }) => graph.tensor(outputs[0]!).layout);
    expect(new Set(layouts('dwconv'))).toEqual(new Set(['NCHW']));
    expect(layouts('layernorm')).toContain('NHWC');
    expect(layouts('gelu').concat(layouts('erf'))).toEqual(expect.arrayContaining(['NHWC']));
    const [toLast, toFirst] = graph.nodes.filter(({ op }) => op === 'transpose');
    expect(graph.tensor(toLast!.outputs[0]!).layout).toBe('NHWC');
    expect(graph.tensor(toFirst!.outputs[0]!).layout).toBe('NCHW');
  });

  test('ShuffleNet: the channel shuffle ends as an image again', () => {
    const graph = readOnnx(fixture('shufflenet_v2_x0_5'));
    const transpose = find(graph, 'transpose');
    const [reshape] = graph.successors(transpose);
    expect(graph.tensor(transpose.outputs[0]!).layout).toBeUndefined();
    expect(reshape?.op).toBe('reshape');
    expect(graph.tensor(reshape!.outputs[0]!).layout).toBe('NCHW');
  });

  test('a vision transformer: products of activations, weights as fc, no image layout in attention', () => {
    const graph = readOnnx(fixture('tiny_vit'));
    expect(countOps(graph)).toMatchObject({ matmul: 4, fc: 9, softmax: 2, layernorm: 4 });
    expect(graph.tensor(find(graph, 'matmul').outputs[0]!).layout).toBeUndefined();
    const qkv = find(graph, 'fc');
    expect(graph.tensor(qkv.inputs[1]!)).toMatchObject({ layout: 'IO', shape: [64, 192] });
  });

  test('CastLike of a constant is a constant: scalars of the dynamo exporter are no work', () => {
    const graph = readOnnx(fixture('tiny_vit_dynamo'));
    expect(countOps(graph).cast).toBeUndefined();
    expect(countOps(graph).sqrt).toBeUndefined();
  });

  test('half precision keeps its element type', () => {
    const graph = readOnnx(fixture('half_precision'));
    const types = new Set(graph.nodes.map(({ outputs }) => graph.tensor(outputs[0]!).dataType));
    expect(types).toEqual(new Set(['float16']));
  });

  test('quantised: int8 weights stay int8, their dequantisation is no work', () => {
    const graph = readOnnx(fixture('qdq'));
    const conv = find(graph, 'conv');
    expect(graph.tensor(conv.inputs[1]!)).toMatchObject({ dataType: 'int8', layout: 'OIHW' });
    expect(countOps(graph)).toMatchObject({ quantize: 3, dequantize: 3 });
    expect(graph.tensor(find(graph, 'quantize').outputs[0]!).dataType).toBe('int8');
  });

  test('local functions are inlined with their attributes', () => {
    const graph = readOnnx(fixture('functions'));
    expect(graph.nodes.map(({ op }) => op)).toEqual([
      ...['conv', 'mul', 'sigmoid', 'mul', 'conv', 'mul', 'sigmoid', 'mul', 'maxpool', 'concat'],
    ]);
    const scales = graph.nodes
      .filter(({ op, inputs }) => op === 'mul' && graph.tensor(inputs[1]!).kind === 'constant')
      .map(({ inputs }) => graph.tensor(inputs[1]!).values);
    expect(scales).toEqual([[1], [2]]);
  });

  test('If with a known condition becomes its branch; what depends on data is named', () => {
    const graph = readOnnx(fixture('branches'));
    expect(find(graph, 'conv').sourceOp).toBe('Conv');
    // Three trips of the loop, and one of the two branches.
    expect(graph.nodes.map(({ sourceOp }) => sourceOp)).toEqual([
      'Conv',
      'Mul',
      'Mul',
      'Mul',
      'Add',
    ]);
    expect(graph.warnings).toEqual([
      expect.stringMatching(/\(If\): its condition depends on data/),
      '3 node(s) that no output depends on are left out',
    ]);
  });
});

describe('canonical forms', () => {
  const image = [1, 8, 6, 6];
  const read = (nodes: Parameters<typeof network>[0], more = {}, input = image): Graph =>
    readOnnx(network(nodes, input, more));

  test('group decides between dense, grouped and depthwise convolution', () => {
    const grouped = (group: number, channels: number): string => {
      const initializer = [weight('w', [8, channels, 3, 3])];
      return read([node('Conv', ['x', 'w'], ['y'], [int('group', group)])], { initializer })
        .nodes[0]!.op;
    };
    expect([grouped(1, 8), grouped(2, 4), grouped(8, 1)]).toEqual(['conv', 'conv', 'dwconv']);
  });

  test('batch normalisation keeps its four constants', () => {
    const constants = ['scale', 'bias', 'mean', 'variance'];
    const graph = read([node('BatchNormalization', ['x', ...constants], ['y'])], {
      initializer: constants.map((name) => weight(name, [8])),
    });
    expect(graph.nodes[0]).toMatchObject({ op: 'bn', inputs: ['x', ...constants] });
  });

  test('Identity, Dropout, Constant and shape computations leave no nodes', () => {
    const graph = read(
      [
        node('Identity', ['x'], ['a']),
        node('Dropout', ['a'], ['b', 'mask']),
        node('Relu', ['b'], ['c']),
        node('Shape', ['c'], ['shape']),
        node('Slice', ['shape', 'zero', 'one'], ['batch']),
        node('Constant', [], ['rest'], [ints('value_ints', [-1])]),
        node('Concat', ['batch', 'rest'], ['target'], [int('axis', 0)]),
        node('Reshape', ['c', 'target'], ['y']),
      ],
      { initializer: [vector('zero', [0]), vector('one', [1])] },
    );
    expect(graph.nodes.map(({ op, inputs }) => [op, inputs])).toEqual([
      ['relu', ['x']],
      ['reshape', ['c']],
    ]);
    expect(graph.tensor('y').shape).toEqual([1, 288]);
  });

  test('an output that is only a renamed tensor is that tensor', () => {
    const graph = read([node('Relu', ['x'], ['a']), node('Identity', ['a'], ['y'])]);
    expect(graph.outputs).toEqual(['a']);
  });

  test('a mean over the spatial axes is a global pooling, over others it is not', () => {
    const mean = (axes: number[]): string =>
      readOnnx(network([node('ReduceMean', ['x'], ['y'], [ints('axes', axes)])], image)).nodes[0]!
        .op;
    expect([mean([2, 3]), mean([-2, -1]), mean([1, 2]), mean([3]), mean([1, 2, 3])]).toEqual([
      ...['gap', 'gap', 'gap', 'reducemean', 'reducemean'],
    ]);
  });

  test('Clip: a rectifier from 0, else a clip', () => {
    const clip = (bounds: string[]): unknown[] => {
      const scalar = (name: string, floatData: number[]) => ({
        name,
        dataType: 1,
        dims: [],
        floatData,
      });
      const graph = read([node('Clip', ['x', ...bounds], ['y'])], {
        initializer: [scalar('zero', [0]), scalar('six', [6]), scalar('minus', [-1])],
      });
      return [graph.nodes[0]!.op, graph.nodes[0]!.attributes];
    };
    expect(clip(['zero', 'six'])).toEqual(['relu', { max: 6 }]);
    expect(clip(['zero'])).toEqual(['relu', {}]);
    expect(clip(['minus', 'six'])).toEqual(['clip', { min: -1, max: 6 }]);
  });

  test('nodes that no output needs are left out and counted', () => {
    const graph = read([node('Relu', ['x'], ['y']), node('Exp', ['x'], ['unused'])]);
    expect(graph.nodes).toHaveLength(1);
    expect(graph.warnings).toEqual(['1 node(s) that no output depends on are left out']);
  });

  test('nodes out of order are put in order; missing and repeated names are made unique', () => {
    const unnamed = { input: ['a'], output: ['y'], opType: 'Relu' };
    const graph = read([unnamed, { ...node('Exp', ['x'], ['a']), name: 'y' }]);
    expect(graph.nodes.map(({ op, name }) => [op, name])).toEqual([
      ['exp', 'y'],
      ['relu', 'y_1'],
    ]);
  });

  test('an op without inference is a custom node; what the file declares is used after it', () => {
    const nodes = [
      node('Relu', ['x'], ['a']),
      node('Strange', ['a'], ['b'], [int('size', 3)], 'com.example'),
      node('Sigmoid', ['b'], ['c']),
      node('Strange', ['c'], ['y'], [], 'com.example'),
    ];
    const without = read(nodes);
    expect(without.nodes.map(({ op, sourceOp }) => [op, sourceOp])).toEqual([
      ['relu', 'Relu'],
      ['custom', 'com.example::Strange'],
      ['sigmoid', 'Sigmoid'],
      ['custom', 'com.example::Strange'],
    ]);
    expect(without.nodes[1]!.attributes).toEqual({ size: 3 });
    expect(without.tensor('a').shape).toEqual(image);
    expect(without.tensor('c').shape).toBeUndefined();
    expect(without.warnings).toEqual([
      'node "Strange b" (Strange): there is no shape inference for this op of domain com.example at opset 1; its output has no shape (and 1 more like it)',
      '3 of 4 nodes have no output shape',
    ]);
    const bytes = network(nodes, image, { valueInfo: [value('b', [1, 4, 3, 3])] });
    expect(readOnnx(bytes).tensor('c').shape).toEqual([1, 4, 3, 3]);
    const otherBatch = readOnnx(bytes, { inputShapes: [2, 8, 6, 6] });
    expect(otherBatch.tensor('a').shape).toEqual([2, 8, 6, 6]);
    expect(otherBatch.tensor('c').shape).toBeUndefined();
  });
});
