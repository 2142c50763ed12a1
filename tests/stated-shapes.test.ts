import { describe, expect, test } from '@jest/globals';
import { readNniIr } from '@nnmeter/frontend-nni';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { readTensorFlow } from '@nnmeter/frontend-tf';
import type { Graph, Shape } from '@nnmeter/ir';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { node as irNode } from '../packages/cli/test/run.ts';
import { INPUT, NniGraphBuilder, OUTPUT } from '../packages/frontend-nni/test/support/model.ts';
import { encode, model, node, value } from '../packages/frontend-onnx/test/support/onnx-model.ts';
import { field, graphDef, nodeDef } from '../packages/frontend-tf/test/support/wire.ts';

/** x -> op -> y, where the file states a shape for y. */
type Read = (op: 'Relu' | 'Unheard', x: Shape, stated: Shape) => Graph;

/** A number of the protobuf wire format, up to 2^53. */
function varint(number: number): Buffer {
  const bytes: number[] = [];
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) return Buffer.from(bytes);
  }
}

const tfShape = (shape: Shape): Buffer =>
  Buffer.concat(shape.map((extent) => field(2, Buffer.concat([Buffer.from([8]), varint(extent)]))));

const tfAttribute = (name: string, content: Buffer): Buffer =>
  Buffer.concat([field(1, name), field(2, content)]);

const FORMATS: Readonly<Record<string, Read>> = {
  ONNX: (op, x, stated) =>
    readOnnx(
      encode(
        model({
          node: [node(op, ['x'], ['y']), node('Relu', ['y'], ['z'])],
          input: [value('x', x)],
          valueInfo: [value('y', stated)],
          output: [{ name: 'z' }],
        }),
      ),
    ),
  TensorFlow: (op, x, stated) =>
    readTensorFlow(
      graphDef(
        nodeDef('x', 'Placeholder', [], [tfAttribute('shape', field(7, tfShape(x)))]),
        nodeDef(
          'y',
          op,
          ['x'],
          [tfAttribute('_output_shapes', field(1, field(7, tfShape(stated))))],
        ),
        nodeDef('z', 'Relu', ['y']),
      ),
    ),
  NNI: (op, x, stated) => {
    const root = new NniGraphBuilder('x')
      .node('y', `aten::${op.toLowerCase()}`, [INPUT], { shapes: { in: [x], out: [stated] } })
      .node('z', 'aten::relu', ['y'], { shapes: { in: [stated], out: [x] } })
      .edge('z', OUTPUT);
    return readNniIr({ _model: root });
  },
  'nn-Meter IR': (op, x, stated) =>
    readNnMeterIr({
      x: irNode('Placeholder', [], ['y'], [], [[...x]]),
      y: irNode(op, ['x'], ['z'], [[...x]], [[...stated]]),
      z: irNode('Relu', ['y'], [], [[...stated]], [[...x]]),
    }),
};

describe.each(Object.entries(FORMATS))('%s', (_, read) => {
  const X = [1, 56, 56, 64];
  const WIDE = [1, 56, 2 ** 40, 64];

  test('where a stated shape and that of the op disagree, the op is right and a warning names both', () => {
    const graph = read('Relu', X, WIDE);
    expect(graph.tensor('y').shape).toEqual(X);
    expect(graph.warnings).toHaveLength(1);
    expect(graph.warnings[0]).toMatch(
      /tensor "y" is stated to be \[1, 56, 1099511627776, 64\], but .*\[1, 56, 56, 64\], which is used$/,
    );
  });

  test('a shape that is stated rightly is no news', () => {
    expect(read('Relu', X, X).warnings).toEqual([]);
  });

  test('where the op is not known, what is stated is used', () => {
    expect(read('Unheard', X, [1, 56, 7, 64]).tensor('y').shape).toEqual([1, 56, 7, 64]);
  });
});

test.each(['TensorFlow', 'NNI', 'nn-Meter IR'])(
  '%s: a batch of 0 is 0, and what works on it costs nothing, with a warning',
  async (format) => {
    const empty = [0, 28, 28, 8];
    const graph = FORMATS[format]!('Relu', empty, empty);
    expect(graph.tensor('y').shape).toEqual(empty);
    const report = (await loadLatencyPredictor('cortexa76')).predictGraph(graph);
    expect(report.kernels.map(({ latencyMs }) => latencyMs)).toEqual([0]);
    expect(report.warnings).toEqual([
      expect.stringMatching(/^0 ms, because a dimension of what they read or write is 0: "y"/),
    ]);
  },
);

test('a convolution as wide as is stated would take ages', async () => {
  const conv = {
    kernel_shape: [3, 3],
    weight_shape: [3, 3, 64, 128],
    strides: [1, 1],
    padding: 'SAME',
  };
  const network = (width: number) => ({
    x: irNode('Placeholder', [], ['y'], [], [[1, 56, 56, 64]]),
    y: irNode('Conv2D', ['x'], ['z'], [[1, 56, 56, 64]], [[1, 56, width, 128]], conv),
    z: irNode('Relu', ['y'], [], [[1, 56, width, 128]], [[1, 56, 56, 128]]),
  });
  const predictor = await loadLatencyPredictor('cortexa76');
  const [right, wrong] = [56, 2 ** 40].map((width) =>
    predictor.predictGraph(readNnMeterIr(network(width))),
  );
  expect(right!.warnings).toEqual([]);
  expect(wrong!.latencyMs).toBe(right!.latencyMs);
  expect(wrong!.warnings.join('\n')).toMatch(
    /"y" is stated to be \[1, 56, 1099511627776, 128\], but node "y" gives \[1, 56, 56, 128\]/,
  );
});
