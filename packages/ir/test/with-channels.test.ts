import { expect, test } from '@jest/globals';
import {
  type Graph,
  GraphBuilder,
  graphCost,
  type ShapedTensor,
  validateGraph,
  withChannels,
} from '@nnmeter/ir';

/** Residuals, groups of both kinds, depthwise, squeeze and excitation, shuffled halves, a multiple of 8 throughout. */
function convolutional(width: number, layout: 'NCHW' | 'NHWC' = 'NCHW'): Graph {
  const b = new GraphBuilder('convolutional', { layout });
  const channel = layout === 'NCHW' ? 1 : 3;
  const image = layout === 'NCHW' ? [1, 3, 32, 32] : [1, 32, 32, 3];
  const unit = (x: ShapedTensor, to: number, options = {}): ShapedTensor =>
    b.relu(b.bn(b.conv(x, to, { kernel: 3, padding: 1, bias: false, ...options })));
  const stem = unit(b.input('image', image), 32 * width, { stride: 2 });
  const wide = unit(stem, 32 * width, { groups: 4 * width });
  const many = unit(wide, 32 * width, { groups: 2, bias: true });
  const sum = b.add(many, stem);
  const squeezed = b.unary('sigmoid', b.conv(b.relu(b.conv(b.gap(sum), 16 * width)), 32 * width));
  const gated = b.mul(sum, squeezed);
  const [left, right] = b.split(gated, [16 * width, 16 * width]) as [ShapedTensor, ShapedTensor];
  const deep = b.concat([left, b.dwconv(right, { kernel: 3, padding: 1, multiplier: 2 })], channel);
  const up = b.convtranspose(deep, 16 * width, { kernel: 2, stride: 2 });
  return b.build(b.fc(b.flatten(b.gap(up)), 10));
}

/** A class token, positions, heads: split after a joint projection. */
function transformer(width: number): Graph {
  const b = new GraphBuilder('transformer');
  const features = 32 * width;
  const patches = b.conv(b.input('image', [1, 3, 32, 32]), features, { kernel: 8, stride: 8 });
  const tokens = b.transpose(b.reshape(patches, [1, features, 16]), [0, 2, 1]);
  const joined = b.concat([b.constant('token', [1, 1, features]), tokens], 1);
  const x = b.add(joined, b.constant('positions', [1, 17, features]));
  const mixed = b.reshape(b.fc(x, 3 * features), [1, 17, 3, 4, 8 * width]);
  const parts = b.split(b.transpose(mixed, [2, 0, 3, 1, 4]), [1, 1, 1], 0);
  const [q, k, v] = parts.map((part) => b.reshape(part, [1, 4, 17, 8 * width])) as [
    ShapedTensor,
    ShapedTensor,
    ShapedTensor,
  ];
  const scores = b.softmax(b.matmul(q, b.transpose(k, [0, 1, 3, 2])), -1);
  const heads = b.transpose(b.matmul(scores, v), [0, 2, 1, 3]);
  const attended = b.add(b.fc(b.reshape(heads, [1, 17, features]), features), x);
  return b.build(b.fc(attended, 10));
}

function shapesOf(graph: Graph): Record<string, string> {
  return Object.fromEntries(
    [...graph.tensors.values()].map(({ name, shape }) => [name, String(shape)]),
  );
}

const NETWORKS: [string, (width: number) => Graph][] = [
  ['channels first', (width) => convolutional(width)],
  ['channels last', (width) => convolutional(width, 'NHWC')],
  ['a transformer', transformer],
];

test.each(NETWORKS)('%s: scaled channels are those of the network built so', (_, build) => {
  for (const [from, to] of [
    [1, 2],
    [2, 1],
    [4, 3],
  ] as const) {
    const scaled = withChannels(build(from), to / from);
    expect(shapesOf(scaled)).toEqual(shapesOf(build(to)));
    expect(validateGraph(scaled)).toEqual([]);
    expect(graphCost(scaled).macs).toBe(graphCost(build(to)).macs);
  }
});

test('are rounded to multiples of 8, and stay where the network ends and begins', () => {
  const b = new GraphBuilder('outputs');
  const x = b.conv(b.input('image', [1, 3, 8, 8]), 24, { name: 'inner' });
  const features = b.relu(b.add(b.conv(x, 12, { name: 'one' }), b.conv(x, 12, { name: 'other' })));
  const graph = b.build(features);
  const shapes = shapesOf(withChannels(graph, 0.4));
  expect(shapes).toMatchObject({ image: '1,3,8,8', inner: '1,8,8,8' });
  expect(shapes).toMatchObject({ one: '1,12,8,8', other: '1,12,8,8', 'one.weight': '12,8,1,1' });
  expect(withChannels(graph, 1)).toBe(graph);
});

test('a constant that nodes share is one for each number of channels', () => {
  const b = new GraphBuilder('shared');
  const image = b.input('image', [1, 3, 8, 8]);
  const bias = b.constant('bias', [16]);
  const conv = (x: ShapedTensor, name: string): ShapedTensor => {
    const weight = b.constant(`${name}.weight`, [16, x.shape[1]!, 1, 1], { layout: 'OIHW' });
    const window = { kernelShape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };
    return b.node('conv', { ...window, group: 1 }, [x, weight, bias], { name })[0]!;
  };
  const graph = b.build(conv(conv(conv(image, 'first'), 'second'), 'last'));
  const half = withChannels(graph, 0.5);
  const biasOf = (name: string) => half.tensor(half.node(name)!.inputs[2]!);
  expect(['first', 'second', 'last'].map((name) => biasOf(name).shape)).toEqual([[8], [8], [16]]);
  expect(biasOf('first')).toBe(biasOf('second'));
  expect(validateGraph(half)).toEqual([]);
});

test('what cannot be scaled is an error that names the node', () => {
  const b = new GraphBuilder('recurrent');
  const x = b.fc(b.input('steps', [4, 1, 16]), 32);
  const [y] = b.node('lstm', { hiddenSize: 8, directions: 1 }, [x], { name: 'memory' });
  const graph = b.build(b.fc(y!, 10));
  expect(() => withChannels(graph, 2)).toThrow(/node "memory" \(LSTM\): how its weights depend/);
});

test('a network without channels of its own, or a factor that is none, is an error', () => {
  const b = new GraphBuilder('single');
  const graph = b.build(b.conv(b.input('image', [1, 3, 8, 8]), 8));
  expect(() => withChannels(graph, 2)).toThrow(/no channels but those of its inputs and outputs/);
  for (const factor of [0, -1, Number.NaN, 1e9])
    expect(() => withChannels(graph, factor)).toThrow(/not from 0.01 to 100/);
});
