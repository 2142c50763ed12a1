// Small networks of ops that the zoo hardly has, for scripts/write-exported-networks.mjs.
import { GraphBuilder } from '@nnmeter/ir';

/** By name: what is built onto an image [1, 6, 13, 10] with channels first, or [1, 13, 10, 6] with channels last. */
const LAYERS = {
  convtranspose: (b, x) => [
    b.convtranspose(x, 5, { kernel: 4, stride: 2, padding: 1 }),
    b.convtranspose(x, 5, { kernel: 3, stride: 2, padding: 1, outputPadding: 1 }),
    b.convtranspose(x, 5, { kernel: 3, stride: 1, padding: 1, bias: false }),
    b.convtranspose(x, 6, { kernel: 2, stride: 2 }),
    b.convtranspose(x, 5, { kernel: 2, stride: 3, outputPadding: 1 }),
  ],
  windows: (b, x) => [
    b.conv(x, 8, { kernel: 3, stride: 2, padding: 1 }),
    b.conv(x, 8, { kernel: 3, stride: 2, padding: 'same' }),
    b.conv(x, 8, { kernel: [1, 3], padding: [0, 1, 0, 1] }),
    b.conv(x, 9, { kernel: 3, groups: 3, padding: 1 }),
    b.conv(x, 8, { kernel: 3, dilation: 2, padding: 2 }),
    b.dwconv(x, { kernel: 3, padding: 1, multiplier: 2 }),
    b.dwconv(x, { kernel: 5, stride: 2, padding: 2 }),
    b.maxpool(x, 3, { stride: 2, padding: 1 }),
    b.maxpool(b.relu(x), 3, { stride: 2, padding: 1 }),
    b.maxpool(x, 2, { stride: 2, ceilMode: true }),
    b.avgpool(x, 3, { padding: 1 }),
    b.avgpool(x, 2, { stride: 2 }),
  ],
  activations: (b, x) => [
    b.relu6(b.conv(x, 8)),
    b.node('clip', { min: -1, max: 1 }, [b.conv(x, 8)])[0],
    b.node('clip', { min: -0.5, max: 0.25 }, [x])[0],
    b.node('clip', { max: 0.25 }, [x])[0],
    b.node('hardsigmoid', { alpha: 1 / 6, beta: 0.5 }, [x])[0],
    b.node('hardsigmoid', { alpha: 0.2, beta: 0.5 }, [x])[0],
    b.node('leakyrelu', { alpha: 0.1 }, [x])[0],
    b.node('elu', {}, [x])[0],
    ...['hswish', 'sigmoid', 'tanh', 'exp', 'abs', 'neg', 'sin', 'cos', 'floor', 'sign'].map((op) =>
      b.unary(op, x),
    ),
    ...['sqrt', 'rsqrt', 'log', 'reciprocal', 'square', 'swish'].map((op) =>
      b.unary(op, b.add(b.unary('abs', x), 1)),
    ),
  ],
  arithmetic: (b, x, channels) => [
    b.add(x, b.mul(x, x)),
    b.relu(b.sub(x, b.unary('tanh', x))),
    b.div(x, b.add(b.unary('abs', x), 1)),
    b.add(x, 0.5),
    b.mul(x, b.constant('by_channel', channels(6))),
    b.add(x, b.constant('everywhere', x.shape)),
    b.node('max', {}, [x, b.unary('neg', x)])[0],
    b.node('min', {}, [x, b.unary('neg', x)])[0],
    b.mul(x, b.unary('sigmoid', b.gap(x))),
    b.bn(b.relu(x)),
    b.relu(b.bn(x)),
    b.relu(b.bn(b.conv(x, 8))),
    b.node('where', {}, [
      b.node('greater', {}, [x, b.unary('neg', x)])[0],
      x,
      b.unary('exp', x),
    ])[0],
  ],
  movement: (b, x, channels) => {
    const channel = channels(1).length === 3 ? 1 : 3;
    const [, second] = b.split(x, [2, 4]);
    const [first] = b.split(x, [3, 3]);
    const side = channel === 1 ? 2 : 1;
    return [
      second,
      b.concat([x, first]),
      b.slice(x, channel, { start: 1, end: 5, step: 2 }),
      b.slice(x, side, { start: -3 }),
      b.slice(x, side, { start: 2, end: -2 }),
      b.pad(x, [0, 1, 2, 3, 0, 3, 2, 1]),
      b.transpose(x, [0, 2, 3, 1]),
      b.transpose(x, [0, 3, 1, 2]),
      b.softmax(x, channel),
      b.softmax(x, side),
      b.mean(x, [side]),
      b.mean(x, [channel], { keepDims: true }),
      b.gap(x),
      b.flatten(b.gap(x)),
      b.resize(x, [26, 20]),
      b.reshape(x, [1, 30, 26]),
      b.node('reducemax', { axes: [1], keepDims: false }, [x])[0],
      b.node('reducesum', { axes: [2, 3], keepDims: true }, [x])[0],
      b.node('reducel2', { axes: [3], keepDims: true }, [x])[0],
      b.node('tile', { repeats: [1, 2, 1, 3] }, [x])[0],
    ];
  },
  dense: (b, x) => {
    const [, first, second, third] = x.shape;
    const rows = b.reshape(x, [1, first * second, third]);
    const matrices = b.reshape(x, [first, second, third]);
    return [
      b.fc(b.relu(b.flatten(x)), 7),
      b.fc(b.flatten(b.maxpool(x, 2, { stride: 2 })), 7, { bias: false }),
      b.relu(b.fc(b.flatten(b.gap(x)), 7)),
      b.fc(rows, 4),
      b.matmul(matrices, b.transpose(matrices, [0, 2, 1])),
      b.matmul(matrices, matrices, { transposeB: true }),
      b.matmul(matrices, matrices, { transposeA: true }),
    ];
  },
  normalization: (b, x) => [
    b.layernorm(x),
    b.layernorm(b.reshape(x, [1, x.shape[1] * x.shape[2], x.shape[3]])),
    b.node('instancenorm', {}, [x])[0],
    b.node('groupnorm', { groups: 2, epsilon: 1e-3 }, [x])[0],
    b.node('l2norm', { axis: 3 }, [x])[0],
    b.node('lrn', {}, [x])[0],
  ],
};

/** Networks by name, each once with channels first and once with channels last. */
export const layerNetworks = Object.fromEntries(
  Object.entries(LAYERS).flatMap(([name, build]) => [
    [`${name}-nchw`, () => network(`${name}-nchw`, 'NCHW', build)],
    [`${name}-nhwc`, () => network(`${name}-nhwc`, 'NHWC', build)],
  ]),
);

function network(name, layout, build) {
  const isFirst = layout === 'NCHW';
  const builder = new GraphBuilder(name, { layout });
  const image = builder.input('image', isFirst ? [1, 3, 13, 10] : [1, 13, 10, 3]);
  const x = builder.conv(image, 6, { kernel: 3, padding: 1, name: 'stem' });
  const channels = (count) => (isFirst ? [count, 1, 1] : [count]);
  return builder.build(...build(builder, x, channels));
}
