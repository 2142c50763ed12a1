import { expect, test } from '@jest/globals';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import {
  type Graph,
  GraphBuilder,
  graphCost,
  type Node,
  type ShapedTensor,
  validateGraph,
} from '@nnmeter/ir';
import fc from 'fast-check';

const steps = [
  'conv',
  'grouped',
  'depthwise',
  'transposed',
  'norm',
  'relu6',
  'hswish',
  'maxpool',
  'avgpool',
  'scale',
  'channelscale',
  'residual',
  'shuffle',
  'squeeze',
  'pad',
  'crop',
  'resize',
  'softmax',
  'mean',
] as const;

const plans = fc.array(fc.tuple(fc.constantFrom(...steps), fc.integer({ min: 1, max: 3 })), {
  maxLength: 12,
});

/** The same network in either axis order. */
function build(
  layout: 'NCHW' | 'NHWC',
  plan: readonly (readonly [(typeof steps)[number], number])[],
) {
  const first = layout === 'NCHW';
  const builder = new GraphBuilder('random', { layout, dataType: 'float16' });
  const [channelAxis, height] = first ? [1, 2] : [3, 1];
  let x = builder.input('image', first ? [2, 12, 13, 17] : [2, 13, 17, 12]);
  const channels = () => x.shape[channelAxis]!;
  const step: Record<(typeof steps)[number], (n: number) => ShapedTensor> = {
    conv: (n) => builder.conv(x, 6 * n, { kernel: [n, 3], stride: [1, n], padding: 'same' }),
    grouped: (n) => builder.conv(x, 12, { groups: n, kernel: 3, padding: 1, dilation: n }),
    depthwise: (n) => builder.dwconv(x, { kernel: 3, padding: 1, multiplier: n > 2 ? 2 : 1 }),
    transposed: (n) => builder.convtranspose(x, 6, { kernel: n, stride: n }),
    norm: () => builder.bn(x),
    relu6: () => builder.relu6(x),
    hswish: () => builder.unary('hswish', x),
    maxpool: (n) => builder.maxpool(x, n, { stride: 2, ceilMode: n === 2 }),
    avgpool: (n) => builder.avgpool(x, n, { padding: 'same' }),
    scale: (n) => builder.mul(x, n / 2),
    channelscale: (n) => {
      const gamma = builder.constant(
        builder.uniqueName('gamma'),
        first ? [channels(), 1, 1] : [channels()],
      );
      return n === 1 ? builder.sub(gamma, x) : builder.add(x, gamma);
    },
    residual: () => builder.add(x, builder.relu(x)),
    shuffle: (n) => {
      const [a, b] = builder.split(x, [n, channels() - n]);
      return builder.concat(n === 1 ? [b!, a!] : [builder.relu(a!), b!, a!]);
    },
    squeeze: () =>
      builder.mul(x, builder.unary('sigmoid', builder.conv(builder.gap(x), channels()))),
    pad: (n) => builder.pad(x, first ? [0, 0, n, 1, 0, 0, 0, 2] : [0, n, 1, 0, 0, 0, 2, 0]),
    crop: () => builder.slice(x, height, { start: 1 }),
    resize: (n) => builder.resize(x, [4 + 4 * n, 9], { mode: 'linear' }),
    softmax: () => builder.softmax(x, channelAxis),
    mean: () => builder.mean(x, [channelAxis], { keepDims: true }),
  };
  for (const [kind, n] of plan) {
    const needsTwelve = kind === 'grouped' || kind === 'shuffle';
    if (
      Math.min(x.shape[height]!, x.shape[height + 1]!) < 8 ||
      (needsTwelve && channels() % 6 !== 0)
    )
      continue;
    x = step[kind](n);
  }
  return builder.build(builder.fc(builder.flatten(builder.gap(x)), 10));
}

const computed = (graph: Graph, names: readonly string[]) =>
  names.filter((name) => graph.tensor(name).kind !== 'constant');

const constantSizes = (graph: Graph, node: Node) =>
  node.inputs
    .map((name) => graph.tensor(name))
    .filter(({ kind }) => kind === 'constant')
    .map(({ shape, dataType, values }) => ({
      elements: shape?.reduce((product, extent) => product * extent, 1),
      dataType,
      values,
    }));

test('random networks: both axis orders write alike', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      expect(writeNnMeterIr(build('NCHW', plan))).toEqual(writeNnMeterIr(build('NHWC', plan)));
    }),
    { numRuns: 200 },
  );
});

test('random networks: reading back what was written changes nothing', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const graph = build('NHWC', plan);
      expect(validateGraph(graph, { requireShapes: true })).toEqual([]);
      const again = readNnMeterIr(JSON.stringify(writeNnMeterIr(graph)));
      expect(graphCost(again)).toEqual(graphCost(graph));
      expect(again.outputs).toEqual(graph.outputs);
      const picture = (of: Graph) =>
        of.nodes.map((node) => ({
          name: node.name,
          op: node.op,
          sourceOp: node.sourceOp,
          attributes: node.op === 'fc' ? {} : node.attributes,
          inputs: computed(of, node.inputs),
          outputs: node.outputs.map((output) => of.tensor(output)),
          constants: node.inputs.length > 1 ? constantSizes(of, node) : [],
        }));
      expect(picture(again)).toEqual(picture(graph));
    }),
    { numRuns: 200 },
  );
});
