import { describe, expect, test } from '@jest/globals';
import {
  createGraph,
  describeIssue,
  type GraphSpecification,
  NnMeterError,
  type Node,
  type Tensor,
  validateGraph,
  withInputShapes,
} from '@nnmeter/ir';

const x: Tensor = { name: 'x', kind: 'input', dataType: 'float32', shape: [1, 4] };
const y: Tensor = { name: 'y', kind: 'activation', dataType: 'float32', shape: [1, 4] };
const relu: Node = {
  name: 'relu',
  op: 'relu',
  attributes: {},
  sourceOp: 'Relu',
  inputs: ['x'],
  outputs: ['y'],
};
const sound: GraphSpecification = {
  name: 'g',
  nodes: [relu],
  tensors: [x, y],
  inputs: ['x'],
  outputs: ['y'],
};

describe('createGraph', () => {
  test.each<[string, Partial<GraphSpecification>, string]>([
    [
      'two nodes of one name',
      { nodes: [relu, { ...relu, outputs: [] }] },
      'two nodes are named "relu"',
    ],
    ['two tensors of one name', { tensors: [x, y, y] }, 'two tensors are named "y"'],
    ['an operand out of nowhere', { nodes: [{ ...relu, inputs: ['z'] }] }, '"relu" reads "z"'],
    ['an unknown output', { outputs: ['z'] }, 'its output "z" is not a tensor'],
    ['a negative extent', { tensors: [{ ...x, shape: [-1] }, y] }, 'tensor "x" has the shape [-1]'],
    ['an absurd size', { tensors: [{ ...x, shape: [2 ** 40, 2 ** 40] }, y] }, 'more than 2^53'],
    [
      'a tensor computed twice',
      { nodes: [relu, { ...relu, name: 'again' }] },
      'tensor "y" is computed twice, by "relu" and by "again"',
    ],
    ['a cycle', { nodes: [{ ...relu, inputs: ['y'] }] }, 'in a cycle: "relu"'],
  ])('refuses %s', (_, change, message) => {
    const create = () => createGraph({ ...sound, ...change });
    expect(create).toThrow(NnMeterError);
    expect(create).toThrow(message);
  });

  test('cuts a name of a hundred megabytes out of its message', () => {
    const name = 'n'.repeat(1e8);
    const create = () => createGraph({ ...sound, outputs: [name] });
    expect(create).toThrow(expect.objectContaining({ code: 'E_INVALID_GRAPH' }));
    try {
      create();
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(300);
    }
  });

  test('sorts a chain of 200,000 nodes given backwards, and keeps the order of equals', () => {
    const count = 200_000;
    const nodes = Array.from({ length: count }, (_, index): Node => {
      return { ...relu, name: `n${index}`, inputs: [`t${index}`], outputs: [`t${index + 1}`] };
    });
    const tensors = Array.from({ length: count + 1 }, (_, index): Tensor => {
      return { ...(index === 0 ? x : y), name: `t${index}` };
    });
    const graph = createGraph({
      name: 'chain',
      nodes: nodes.toReversed(),
      tensors,
      inputs: ['t0'],
      outputs: [`t${count}`],
    });
    expect(graph.nodes.slice(0, 3).map(({ name }) => name)).toEqual(['n0', 'n1', 'n2']);
  });
});

describe('validateGraph', () => {
  test('finds nothing in a sound graph', () => {
    expect(validateGraph(createGraph(sound), { requireShapes: true })).toEqual([]);
  });

  test('names every issue', () => {
    const { shape: _, ...shapeless } = { ...y, name: 'z' };
    const graph = createGraph({
      ...sound,
      nodes: [
        relu,
        {
          name: 'odd',
          op: 'custom',
          attributes: {},
          sourceOp: 'Odd',
          inputs: ['y'],
          outputs: ['z'],
        },
        { ...relu, name: 'idle', inputs: ['z'], outputs: ['w'] },
        {
          name: 'sum',
          op: 'add',
          attributes: {},
          sourceOp: 'Add',
          inputs: ['y', 'v'],
          outputs: [],
        },
      ],
      tensors: [
        x,
        { ...x, name: 'v', shape: [3] },
        { ...x, name: 'u' },
        { ...y, shape: [1, 5] },
        shapeless,
        { ...y, name: 'w' },
      ],
      inputs: ['x', 'u', 'v'],
      outputs: ['z'],
    });
    expect(validateGraph(graph, { requireShapes: true }).map(describeIssue)).toEqual([
      'nothing reads the input "u"',
      'tensor "z", computed by node "odd", has no shape',
      'tensor "y" is stated to be [1, 5], but node "relu" gives [1, 4]',
      'node "odd" is of the op "Odd", which is not known',
      'nothing reads the results of node "idle", and they are no results of the graph',
      'nothing reads the results of node "sum", and they are no results of the graph',
      'node "sum": shapes [1, 5] and [3] do not broadcast',
    ]);
    expect(validateGraph(graph)).not.toContainEqual(
      expect.objectContaining({ kind: 'missing-shape' }),
    );
  });

  test('knows what TensorFlow means by BiasAdd, StridedSlice and its transposed weights', () => {
    const image: Tensor = { ...x, shape: [1, 4, 4, 8], layout: 'NHWC' };
    const graph = createGraph({
      name: 'tensorflow',
      nodes: [
        {
          name: 'up',
          op: 'convtranspose',
          attributes: {
            kernelShape: [2, 2],
            strides: [2, 2],
            pads: [0, 0, 0, 0],
            dilations: [1, 1],
            group: 1,
            outputPadding: [0, 0],
          },
          sourceOp: 'Conv2DBackpropInput',
          inputs: ['x', 'w'],
          outputs: ['up'],
        },
        {
          name: 'turn',
          op: 'transpose',
          attributes: { perm: [0, 3, 1, 2] },
          sourceOp: 'Transpose',
          inputs: ['up'],
          outputs: ['turn'],
        },
        {
          name: 'bias',
          op: 'add',
          attributes: {},
          sourceOp: 'BiasAdd',
          inputs: ['turn', 'b'],
          outputs: ['bias'],
        },
        {
          name: 'row',
          op: 'slice',
          attributes: { starts: [0], ends: [1], axes: [2], steps: [1] },
          sourceOp: 'StridedSlice',
          inputs: ['bias'],
          outputs: ['row'],
        },
      ],
      tensors: [
        image,
        { ...x, name: 'w', kind: 'constant', shape: [2, 2, 3, 8], layout: 'HWIO' },
        { ...x, name: 'b', kind: 'constant', shape: [3] },
        { ...y, name: 'up', shape: [1, 8, 8, 3], layout: 'NHWC' },
        { ...y, name: 'turn', shape: [1, 3, 8, 8], layout: 'NCHW' },
        { ...y, name: 'bias', shape: [1, 3, 8, 8], layout: 'NCHW' },
        { ...y, name: 'row', shape: [1, 3, 8] },
      ],
      inputs: ['x'],
      outputs: ['row'],
    });
    expect(validateGraph(graph, { requireShapes: true }).map(describeIssue)).toEqual([]);
    const wider = withInputShapes(graph, { x: [2, 4, 6, 8] });
    expect(wider.tensor('row').shape).toEqual([2, 3, 12]);
  });
});
