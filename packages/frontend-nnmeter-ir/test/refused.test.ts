import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { createGraph, type Graph, GraphBuilder, type Node, type Tensor } from '@nnmeter/ir';

const reread = (graph: Graph): Graph => readNnMeterIr(JSON.stringify(writeNnMeterIr(graph)));

/** A network of one node. */
function single(node: Partial<Node>, tensors: readonly Tensor[]): Graph {
  const base = { name: 'node', sourceOp: node.op, attributes: {} };
  const [inputs, outputs] = [['x'], tensors.slice(1).map(({ name }) => name)];
  const nodes = [{ ...base, inputs, outputs, ...node } as Node];
  return createGraph({ name: 'single', nodes, tensors, inputs, outputs: ['y'] });
}

const tensor = (name: string, shape: readonly number[], layout?: 'NCHW'): Tensor => ({
  name,
  kind: name === 'x' ? 'input' : 'activation',
  dataType: 'float32',
  shape,
  ...(layout && { layout }),
});

describe('what the format has no words for is refused when it is written', () => {
  test.each([
    ['an input', [0, 4, 4, 8], [1, 4, 4, 8], /"node" \(relu\).*\[\[1,4,4,8\]\].*\[\[0,4,4,8\]\]/],
    ['a result', [1, 4, 4, 8], [0, 4, 4, 8], /"node" \(relu\).*\[\[0,4,4,8\]\]/],
  ])('%s without elements', (_, input, output, message) => {
    const graph = single({ op: 'relu' }, [tensor('x', input), tensor('y', output)]);
    expect(() => writeNnMeterIr(graph)).toThrow(message);
  });

  test('a matrix product over the width of an image', () => {
    const attributes = { transposeA: false, transposeB: true };
    const graph = single({ op: 'fc', attributes }, [
      tensor('x', [1, 8, 6, 4], 'NCHW'),
      tensor('y', [1, 8, 6, 10]),
    ]);
    expect(() => writeNnMeterIr(graph)).toThrow(/"node" \(fc\).*last axis of "x"/);
  });

  test('attributes of other types than the format has', () => {
    const attributes = { kernel_shape: 'wide', strides: [true] };
    const graph = single({ op: 'custom', sourceOp: 'Conv', attributes }, [
      tensor('x', [1, 4, 4, 8]),
      tensor('y', [1, 4, 4, 8]),
    ]);
    expect(() => writeNnMeterIr(graph)).toThrow(/no words.*kernel_shape/);
  });

  test('a network of nothing', () => {
    const graph = createGraph({ name: 'nothing', nodes: [], tensors: [], inputs: [], outputs: [] });
    expect(() => writeNnMeterIr(graph)).toThrow(/no words.*no nodes/);
  });
});

test.each([
  ['one number a channel', [8], 1],
  ['another size', [4], 1],
  ['several', [8], 3],
])('BiasAdd with a bias of %s', (_, shape, count) => {
  const bias: Tensor = { name: 'b', kind: 'constant', dataType: 'float32', shape };
  const inputs = ['x', ...new Array<string>(count).fill('b')];
  const node = { op: 'add' as const, sourceOp: 'BiasAdd', inputs, outputs: ['y'] };
  const graph = single(node, [tensor('x', [1, 8]), bias, tensor('y', [1, 8])]);
  const again = reread(graph);
  const shapes = (of: Graph) => of.nodes[0]!.inputs.map((name) => of.tensor(name).shape);
  expect(shapes(again)).toEqual(shapes(graph));
});

describe('results that nothing reads', () => {
  test('are results of the graph only if they were', () => {
    const tensors = [tensor('x', [1, 8]), tensor('y', [1, 8]), tensor('unused', [1, 8])];
    const [node] = reread(single({ op: 'custom', sourceOp: 'Two' }, tensors)).nodes;
    const { outputs } = reread(single({ op: 'custom', sourceOp: 'Two' }, tensors));
    expect(node?.outputs).toEqual(['node', 'node:1']);
    expect(outputs).toEqual(['node']);
  });

  test('stay results beside those that are read', () => {
    const builder = new GraphBuilder('heads');
    const [left, right] = builder.split(builder.input('x', [1, 8]), [3, 5]);
    const graph = builder.build(right!, left!, builder.relu(left!));
    expect(reread(graph).outputs.toSorted()).toEqual(['relu_1', 'split_1', 'split_1:1']);
  });
});

test('a convolution whose weight is computed, and a sum with what is no number', () => {
  const b = new GraphBuilder('computed');
  const [image, weight] = [b.input('x', [1, 8, 16, 16]), b.input('w', [4, 8, 3, 3])];
  const whole = b.build(b.conv(image, 4, { kernel: 3 }), b.relu(weight));
  const nodes = whole.nodes.map((node) =>
    node.op === 'conv' ? { ...node, inputs: ['x', 'w'] } : node,
  );
  const graph = createGraph({ ...whole, nodes, tensors: whole.tensors.values() });
  expect(() => writeNnMeterIr(graph)).toThrow(/its weight is computed/);

  const sum = new GraphBuilder('sum');
  const odd = sum.constant('c', [], { values: [Number.NaN] });
  const withConstant = sum.build(sum.add(sum.input('x', [1, 8]), odd));
  expect(() => writeNnMeterIr(withConstant)).toThrow(/"c" is no finite number/);
});
