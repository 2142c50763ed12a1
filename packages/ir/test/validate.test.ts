import { describe, expect, test } from '@jest/globals';
import {
  createGraph,
  describeIssue,
  type GraphSpecification,
  NnMeterError,
  type Node,
  readNnMeterIr,
  type Tensor,
  validateGraph,
} from '@nnmeter/ir';
import { benchFamilies, hasSharedData, readBench } from './support/shared-data.ts';

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

  (hasSharedData ? test : test.skip)('finds nothing in the benchmark', () => {
    for (const family of benchFamilies) {
      for (const { graph } of readBench(family, 3)) {
        expect(validateGraph(readNnMeterIr(graph), { requireShapes: true })).toEqual([]);
      }
    }
  });
});
