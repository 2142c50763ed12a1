import { describe, expect, test } from '@jest/globals';
import { type Graph, GraphBuilder, graphCost } from '@nnmeter/ir';

/** A bit of everything: a residual block, a depthwise block, a split and join, a pooled classifier. */
function build(layout: 'NCHW' | 'NHWC'): Graph {
  const builder = new GraphBuilder('net', { layout });
  const shape = layout === 'NCHW' ? [2, 3, 33, 65] : [2, 33, 65, 3];
  const image = builder.input('image', shape);
  const stem = builder.conv(image, 8, { kernel: [3, 5], stride: 2, padding: [1, 2], bias: false });
  const first = builder.relu6(builder.bn(stem));
  const sum = builder.add(builder.conv(first, 8, { groups: 2 }), first);
  const [left, right] = builder.split(sum, [2, 6]);
  const deep = builder.unary('hswish', builder.dwconv(right!, { kernel: 5, padding: 'same' }));
  const joined = builder.concat([left!, deep]);
  const up = builder.convtranspose(joined, 4, { kernel: 2, stride: 2 });
  const pooled = builder.maxpool(builder.mul(up, 0.5), 3, { stride: 2, ceilMode: true });
  const half = builder.resize(pooled, [8, 16]);
  const output = builder.softmax(builder.fc(builder.flatten(builder.gap(half)), 10));
  return builder.build(output);
}

describe('GraphBuilder', () => {
  test('infers shapes in either axis order', () => {
    const shapes = (graph: Graph) =>
      Object.fromEntries(
        graph.nodes.map((node) => [node.name, graph.tensor(node.outputs[0]!).shape]),
      );
    expect(shapes(build('NCHW'))).toEqual({
      conv_1: [2, 8, 17, 33],
      bn_1: [2, 8, 17, 33],
      relu_1: [2, 8, 17, 33],
      conv_2: [2, 8, 17, 33],
      add_1: [2, 8, 17, 33],
      split_1: [2, 2, 17, 33],
      dwconv_1: [2, 6, 17, 33],
      hswish_1: [2, 6, 17, 33],
      concat_1: [2, 8, 17, 33],
      convtranspose_1: [2, 4, 34, 66],
      mul_1: [2, 4, 34, 66],
      maxpool_1: [2, 4, 17, 33],
      resize_1: [2, 4, 8, 16],
      gap_1: [2, 4, 1, 1],
      reshape_1: [2, 4],
      fc_1: [2, 10],
      softmax_1: [2, 10],
    });
    const last = build('NHWC');
    expect(shapes(last)).toMatchObject({
      conv_1: [2, 17, 33, 8],
      split_1: [2, 17, 33, 2],
      convtranspose_1: [2, 34, 66, 4],
      maxpool_1: [2, 17, 33, 4],
      gap_1: [2, 1, 1, 4],
    });
    expect(graphCost(last)).toEqual(graphCost(build('NCHW')));
    expect(last.tensor('conv_1.weight')).toMatchObject({ shape: [3, 5, 3, 8], layout: 'HWIO' });
    expect(last.tensor('maxpool_1').layout).toBe('NHWC');
  });

  test('makes the nodes that a reader of ONNX would', () => {
    const graph = build('NCHW');
    expect(graph.inputs).toEqual(['image']);
    expect(graph.outputs).toEqual(['softmax_1']);
    expect(graph.node('dwconv_1')).toEqual({
      name: 'dwconv_1',
      op: 'dwconv',
      sourceOp: 'Conv',
      attributes: {
        kernelShape: [5, 5],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [2, 2, 2, 2],
        group: 6,
      },
      inputs: ['split_1:1', 'dwconv_1.weight', 'dwconv_1.bias'],
      outputs: ['dwconv_1'],
    });
    expect(graph.tensor('dwconv_1.weight')).toMatchObject({
      kind: 'constant',
      shape: [6, 1, 5, 5],
      layout: 'OIHW',
    });
    expect(graph.node('relu_1')).toMatchObject({
      op: 'relu',
      sourceOp: 'Clip',
      attributes: { min: 0, max: 6 },
    });
    expect(graph.tensor('mul_1.constant')).toMatchObject({ shape: [], values: [0.5] });
  });

  test('attention over a sequence', () => {
    const builder = new GraphBuilder('attention', { dataType: 'float16' });
    const tokens = builder.input('tokens', [1, 197, 192]);
    const heads = (name: string) =>
      builder.transpose(
        builder.reshape(builder.fc(tokens, 192, { name }), [1, 197, 3, 64]),
        [0, 2, 1, 3],
      );
    const scores = builder.matmul(heads('query'), heads('key'), { transposeB: true });
    const mixed = builder.matmul(builder.softmax(builder.div(scores, 8)), heads('value'));
    const merged = builder.reshape(builder.transpose(mixed, [0, 2, 1, 3]), [1, 197, -1]);
    const graph = builder.build(builder.layernorm(builder.add(builder.fc(merged, 192), tokens)));
    expect(graph.tensor(graph.outputs[0]!)).toMatchObject({
      shape: [1, 197, 192],
      dataType: 'float16',
    });
    expect(graphCost(graph)).toMatchObject({
      macs: 4 * 197 * 192 * 192 + 2 * 3 * 197 * 197 * 64,
      parameters: 4 * (192 * 192 + 192) + 2 * 192,
    });
  });

  test('1-D and 3-D convolutions', () => {
    const builder = new GraphBuilder('others');
    const sound = builder.conv(builder.input('sound', [1, 2, 100], 'NCW'), 4, {
      kernel: 5,
      stride: 2,
      dilation: 2,
    });
    const volume = builder.conv(builder.input('volume', [1, 2, 8, 9, 10]), 4, { kernel: 3 });
    expect(sound.shape).toEqual([1, 4, 46]);
    expect(volume.shape).toEqual([1, 4, 6, 7, 8]);
  });

  test('says which node does not fit', () => {
    const builder = new GraphBuilder('bad');
    const image = builder.input('image', [1, 3, 8, 8]);
    const wider = builder.conv(image, 4);
    expect(() => builder.add(image, wider, { name: 'sum' })).toThrow(
      'node "sum" (add): shapes [1, 3, 8, 8] and [1, 4, 8, 8] do not broadcast',
    );
    expect(() => builder.conv(image, 4, { kernel: 9 })).toThrow('a window of 9 does not fit');
    expect(() => builder.conv(image, 4, { groups: 2 })).toThrow('do not divide into 2 groups');
    expect(() => builder.node('gather', { axis: 0 }, [image])).toThrow('give outputShapes');
    expect(() => builder.input('image', [1])).toThrow('two tensors are named "image"');
  });
});
