import { expect, test } from '@jest/globals';
import { foldIntoWeights } from '@nnmeter/export';
import { type Graph, GraphBuilder, graphCost, type ShapedTensor } from '@nnmeter/ir';
import { buildDatasetModel, buildModel } from '@nnmeter/zoo';

function built(build: (builder: GraphBuilder, x: ShapedTensor) => readonly ShapedTensor[]): Graph {
  const builder = new GraphBuilder('net');
  return builder.build(...build(builder, builder.input('image', [1, 4, 8, 8])));
}

const opsOf = (graph: Graph) => graph.nodes.map(({ op }) => op);

test.each(['resnet18', 'mobilenet_v2', 'efficientnet_b0', 'densenet121', 'inception_v3'])(
  '%s with batch normalization becomes the one that was exported without',
  (name) => {
    const folded = foldIntoWeights(buildModel(name, { batchNorm: 'keep' }));
    const exported = buildModel(name, { batchNorm: 'fold' });
    expect(opsOf(folded)).toEqual(opsOf(exported));
    expect(graphCost(folded).macs).toBe(graphCost(exported).macs);
    expect(graphCost(folded).parameters).toBe(graphCost(exported).parameters);
    const shapes = (graph: Graph) =>
      graph.nodes.map(({ outputs }) => graph.tensor(outputs[0]!).shape);
    expect(shapes(folded)).toEqual(shapes(exported));
  },
);

test('normalization without parameters, and biases, of networks with channels last', () => {
  const folded = foldIntoWeights(buildDatasetModel('mobilenetv1'));
  expect(opsOf(folded).filter((op) => op === 'bn' || op === 'add')).toEqual([]);
  const layers = folded.nodes.filter(({ op }) => op === 'conv' || op === 'dwconv');
  expect(layers.every(({ inputs }) => inputs.length === 3)).toBe(true);
});

test('a layer that something else reads, or that is a result, stays', () => {
  const graph = built((b, x) => {
    const read = b.conv(x, 4, { bias: false });
    const result = b.conv(x, 4, { bias: false });
    return [b.add(b.bn(read), read), b.bn(result), result];
  });
  expect(opsOf(foldIntoWeights(graph))).toEqual(opsOf(graph));
});

test('sums with another layer, a scalar, or an image of constants stay', () => {
  const graph = built((b, x) => [
    b.add(b.conv(x, 4, { bias: false }), b.conv(x, 4, { bias: false })),
    b.add(b.conv(x, 4, { bias: false }), 3),
    b.add(b.conv(x, 8, { bias: false }), b.constant('row', [8])),
    b.add(b.conv(x, 4, { bias: false }), b.constant('image_of_constants', [4, 8, 8])),
    b.add(b.conv(x, 4), b.constant('second_bias', [4, 1, 1])),
  ]);
  expect(opsOf(foldIntoWeights(graph))).toEqual(opsOf(graph));
});

test('what is folded keeps the name of its result', () => {
  const graph = built((b, x) => [
    b.bn(b.conv(x, 4, { bias: false, name: 'conv' }), { name: 'bn' }),
  ]);
  const folded = foldIntoWeights(graph);
  expect(folded.outputs).toEqual(['bn']);
  expect(folded.nodes).toMatchObject([
    { name: 'conv', inputs: ['image', 'conv.weight', 'bn.bias'], outputs: ['bn'] },
  ]);
  expect(folded.findTensor('bn.scale')).toBeUndefined();
});
