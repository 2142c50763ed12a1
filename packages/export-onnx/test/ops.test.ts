import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { readOnnx } from '@nnmeter/frontend-onnx';
import {
  type Graph,
  GraphBuilder,
  type Op,
  type OpAttributes,
  type ShapedTensor,
} from '@nnmeter/ir';

const UNARY: readonly Op[] = [
  ...([
    'relu',
    'sigmoid',
    'hswish',
    'gelu',
    'mish',
    'tanh',
    'softplus',
    'softsign',
    'erf',
  ] as const),
  ...(['exp', 'log', 'sqrt', 'reciprocal', 'neg', 'abs', 'sign', 'floor', 'ceil'] as const),
  ...(['round', 'sin', 'cos', 'elu', 'selu', 'celu', 'leakyrelu', 'hardsigmoid', 'lrn'] as const),
];
const BINARY: readonly Op[] = ['add', 'sub', 'mul', 'div', 'pow', 'max', 'min'];

type Layout = 'NCHW' | 'NHWC';

/** A 16-channel image after a convolution, so that the axis order is certain. */
function image(layout: Layout): { builder: GraphBuilder; x: ShapedTensor; channels: 1 | 3 } {
  const builder = new GraphBuilder('op', { layout });
  const shape = layout === 'NCHW' ? [1, 3, 8, 6] : [1, 8, 6, 3];
  const x = builder.conv(builder.input('image', shape), 16, { kernel: 3, padding: 1 });
  return { builder, x, channels: layout === 'NCHW' ? 1 : 3 };
}

function one<O extends Op>(
  layout: Layout,
  op: O,
  attributes: OpAttributes[O],
  more: (builder: GraphBuilder) => ShapedTensor[] = () => [],
): Graph {
  const { builder, x } = image(layout);
  return builder.build(...builder.node(op, attributes, [x, ...more(builder)]));
}

/** Sorted, since the exported order differs. */
const extents = (graph: Graph): number[][] =>
  graph.outputs.map((name) => [...graph.tensor(name).shape!].sort((a, b) => a - b));

function expectSame(graph: Graph): void {
  const model = graphToOnnx(graph);
  const folder = process.env.EXPORT_ONNX_KEEP;
  const kind = graph.nodes.at(-1)!.op;
  if (folder)
    writeFileSync(join(folder, `${kind}-${graph.tensor(graph.inputs[0]!).layout}.onnx`), model);
  const again = readOnnx(model);
  expect(again.nodes.map((node) => node.op)).toEqual(graph.nodes.map((node) => node.op));
  expect(extents(again)).toEqual(extents(graph));
}

describe.each(['NCHW', 'NHWC'] as const)('%s', (layout) => {
  test.each(UNARY)('%s', (op) => expectSame(one(layout, op, {})));

  test.each(BINARY)('%s with a constant per channel', (op) => {
    expectSame(
      one(layout, op, {}, (builder) => [
        builder.constant('c', layout === 'NCHW' ? [16, 1, 1] : [16]),
      ]),
    );
  });

  test.each([
    'reducemean',
    'reducesum',
    'reducemax',
    'reducemin',
    'reduceprod',
    'reducel2',
  ] as const)('%s over one axis, kept and dropped', (op) => {
    for (const axes of [[2], [3]]) {
      for (const keepDims of [true, false]) expectSame(one(layout, op, { axes, keepDims }));
    }
  });

  test('pooling with ceiling and dilation', () => {
    const window = { kernelShape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0], ceilMode: true };
    expectSame(one(layout, 'maxpool', { ...window, dilations: [1, 1] }));
    expectSame(one(layout, 'avgpool', { ...window, dilations: [1, 1] }));
    expectSame(one(layout, 'maxpool', { ...window, dilations: [2, 1] }));
  });

  test('clip keeps its bounds', () => {
    const again = readOnnx(graphToOnnx(one(layout, 'clip', { min: -1, max: 2 })));
    expect(again.nodes.at(-1)).toMatchObject({ op: 'clip', attributes: { min: -1, max: 2 } });
    const relu6 = readOnnx(graphToOnnx(one(layout, 'relu', { max: 6 })));
    expect(relu6.nodes.at(-1)).toMatchObject({ op: 'relu', attributes: { max: 6 } });
  });

  test('transposed, grouped and depthwise convolutions, normalization', () => {
    const { builder, x } = image(layout);
    const up = builder.convtranspose(x, 8, { kernel: 2, stride: 2 });
    const grouped = builder.conv(up, 12, { groups: 4, kernel: 3, dilation: 2 });
    const depthwise = builder.dwconv(grouped, { kernel: 3, multiplier: 2 });
    expectSame(builder.build(builder.bn(depthwise)));
  });

  test('moving data', () => {
    const { builder, x, channels } = image(layout);
    const bigger = builder.resize(x, [16, 12], { mode: 'linear' });
    const [blocks] = builder.node('depthtospace', { blockSize: 2 }, [bigger]);
    const [tiled] = builder.node('tile', {}, [builder.flatten(blocks!)], {
      outputShapes: [[2, 3072]],
    });
    const [best] = builder.node('topk', { axis: 1, k: 5 }, [tiled!]);
    const [summed] = builder.node('cumsum', { axis: 1 }, [best!]);
    expectSame(builder.build(summed!));
    expectSame(one(layout, 'softmax', { axis: channels }));
    expectSame(one(layout, 'l2norm', { axis: channels }));
    expectSame(one(layout, 'argmax', { axes: [channels], keepDims: false }));
  });

  test('swish, square and rsqrt in two ops', () => {
    const last = (op: Op): string[] =>
      readOnnx(graphToOnnx(one(layout, op, {})))
        .nodes.slice(1)
        .map((node) => node.sourceOp);
    expect(last('swish')).toEqual(['Sigmoid', 'Mul']);
    expect(last('square')).toEqual(['Mul']);
    expect(last('rsqrt')).toEqual(['Sqrt', 'Reciprocal']);
  });
});

test('products and layer normalization', () => {
  const builder = new GraphBuilder('tokens');
  const x = builder.layernorm(builder.input('x', [1, 10, 8]));
  const scores = builder.matmul(x, x, { transposeB: true });
  const [mixed] = builder.node('einsum', { equation: 'bij,bjd->bid' }, [scores, x]);
  const graph = builder.build(builder.fc(mixed!, 4));
  const again = readOnnx(graphToOnnx(graph));
  expect(again.nodes.map((node) => node.op)).toEqual([
    'layernorm',
    'transpose',
    'matmul',
    'einsum',
    'fc',
    'add',
  ]);
  expect(extents(again)).toEqual(extents(graph));
});
