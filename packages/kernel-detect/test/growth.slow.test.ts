import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  createGraph,
  type Graph,
  type GraphSpecification,
  type Node,
  type Tensor,
  type TensorKind,
  validateGraph,
  withInputShapes,
} from '@nnmeter/ir';
import { detectKernels, explainFusion } from '@nnmeter/kernel-detect';
import { expectLinearTime, inTwoSizes } from '../../../tests/support/growth.ts';

const RULES = { fuse: { BF_conv_relu: true, BF_relu_relu: true, BF_relu_add: true } };
const SHAPE = [1, 8, 8, 4];

const tensor = (name: string, kind: TensorKind = 'activation', shape = SHAPE): Tensor => ({
  ...{ name, kind, dataType: 'float32', shape },
});
const node = (name: string, op: string, inputs: string[], outputs: string[], attributes = {}) =>
  ({ name, op, attributes, inputs, outputs, sourceOp: op }) as Node;
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const network = (
  nodes: Node[],
  tensors: Tensor[],
  outputs: string[],
  inputs: string[] = ['x'],
): GraphSpecification => ({
  ...{ name: 'g', nodes, inputs, outputs },
  tensors: [...inputs.map((name) => tensor(name, 'input')), ...tensors],
});

const CONV = {
  ...{ kernelShape: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 },
};

/** Networks of `count` of something. */
const NETWORKS: Readonly<Record<string, (count: number) => GraphSpecification>> = {
  inputs(count) {
    const inputs = names('x', count);
    const concat = node('concat', 'concat', inputs, ['y'], { axis: 3 });
    return network([concat], [tensor('y')], ['y'], inputs);
  },
  'results of one node'(count) {
    const outputs = names('y', count);
    const split = node('split', 'split', ['x'], outputs, { axis: 3, sizes: outputs.map(() => 1) });
    return network(
      [split],
      outputs.map((name) => tensor(name)),
      outputs,
    );
  },
  'unread results of one node'(count) {
    const all = NETWORKS['results of one node']!(count);
    return { ...all, outputs: all.outputs.slice(0, 1) };
  },
  'nodes with a result'(count) {
    const outputs = names('y', count);
    const nodes = outputs.map((name) => node(`node ${name}`, 'relu', ['x'], [name]));
    return network(
      nodes,
      outputs.map((name) => tensor(name)),
      outputs,
    );
  },
  'consumers of one result'(count) {
    const all = NETWORKS['nodes with a result']!(count);
    const nodes = all.nodes.map((each) => ({ ...each, inputs: ['first'] }));
    return {
      ...all,
      nodes: [node('first', 'relu', ['x'], ['first']), ...nodes],
      tensors: [...all.tensors, tensor('first')],
    };
  },
  'producers of one node'(count) {
    const all = NETWORKS['nodes with a result']!(count);
    const concat = node('concat', 'concat', [...all.outputs], ['z'], { axis: 3 });
    return {
      ...all,
      nodes: [...all.nodes, concat],
      tensors: [...all.tensors, tensor('z')],
      outputs: ['z'],
    };
  },
  'slices of one result'(count) {
    const all = NETWORKS['consumers of one result']!(count);
    const [first, ...readers] = all.nodes;
    const slices = readers.map(({ name, inputs, outputs }, start) => {
      const attributes = { axes: [3], starts: [start], ends: [start + 1], steps: [1] };
      return node(name, 'slice', [...inputs], [...outputs], attributes);
    });
    return { ...all, nodes: [first!, ...slices] };
  },
  'readings of one result'(count) {
    const concat = node('concat', 'concat', new Array(count).fill('y'), ['z'], { axis: 3 });
    const relu = node('relu', 'relu', ['x'], ['y']);
    return network([relu, concat], [tensor('y'), tensor('z')], ['z']);
  },
  constants(count) {
    const constants = names('w', count);
    const concat = node('concat', 'concat', ['x', ...constants], ['y'], { axis: 3 });
    const tensors = constants.map((name) => tensor(name, 'constant'));
    return network([concat], [...tensors, tensor('y')], ['y']);
  },
  'entries of an attribute'(count) {
    const axes = names('', count).map((index) => Number(index) % 4);
    const ones = axes.map(() => 1);
    const attributes = { axes, starts: ones, ends: ones, steps: ones };
    return network([node('slice', 'slice', ['x'], ['y'], attributes)], [tensor('y')], ['y']);
  },
  'biases of one layer'(count) {
    const sums = names('y', count);
    const conv = node('conv', 'conv', ['x', 'w'], ['z'], CONV);
    const adds = sums.map((name, index) =>
      node(`node ${name}`, 'add', [sums[index - 1] ?? 'z', 'b'], [name]),
    );
    const constants = [tensor('w', 'constant', [4, 4, 1, 1]), tensor('b', 'constant', [4])];
    const tensors = ['z', ...sums].map((name) => tensor(name));
    return network([conv, ...adds], [...constants, ...tensors], [sums.at(-1)!]);
  },
};

describe.each(Object.keys(NETWORKS))('time is not quadratic in %s:', (what) => {
  let specifications: readonly [GraphSpecification, GraphSpecification];
  let graphs: readonly [Graph, Graph];
  beforeAll(() => {
    specifications = inTwoSizes(NETWORKS[what]!);
    graphs = [createGraph(specifications[0]), createGraph(specifications[1])];
  });

  test('createGraph', () => {
    expectLinearTime(specifications, createGraph);
  });

  test('detectKernels', () => {
    expectLinearTime(graphs, (graph) => {
      const kernels = detectKernels(graph, RULES);
      expect(kernels.reduce((sum, { nodes }) => sum + nodes.length, 0)).toBe(graph.nodes.length);
    });
  });

  test('explainFusion', () => {
    expectLinearTime(graphs, (graph) => explainFusion(graph, RULES));
  });

  test('validateGraph', () => {
    expectLinearTime(graphs, (graph) => validateGraph(graph, { requireShapes: true }));
  });

  test('neighbours of all nodes', () => {
    expectLinearTime(graphs, (graph) => {
      for (const node of graph.nodes) {
        graph.predecessors(node);
        graph.successors(node);
      }
    });
  });
});

test('time to set the shapes of many inputs is not quadratic', () => {
  expectLinearTime(
    inTwoSizes((count) => createGraph(NETWORKS.inputs!(count))),
    (graph) =>
      withInputShapes(graph, Object.fromEntries(graph.inputs.map((name) => [name, SHAPE]))),
  );
});
