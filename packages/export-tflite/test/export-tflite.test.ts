import { describe, expect, test } from '@jest/globals';
import { foldIntoWeights } from '@nnmeter/export';
import { exportTflite, UNEXPORTABLE_OPS } from '@nnmeter/export-tflite';
import { readTfLite } from '@nnmeter/frontend-tflite';
import {
  channelsLastShape,
  createGraph,
  elementCount,
  type Graph,
  GraphBuilder,
  NnMeterError,
  type Node,
  type Op,
  opRow,
  ops,
  type ShapedTensor,
} from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { buildDatasetModel, buildModel, datasetFamilies } from '@nnmeter/zoo';

const reimported = (graph: Graph): Graph => readTfLite(exportTflite(graph));
const opsOf = (graph: Graph): Op[] => graph.nodes.map(({ op }) => op);
const kernelsOf = (graph: Graph) => detectKernels(graph, { fuse: {} }).map(({ type }) => type);

/** Tensors that are in both graphs, with the shape that the first has with channels last, and that of the second. */
function shapesOfBoth(graph: Graph, again: Graph) {
  return [...again.tensors.values()].flatMap((tensor) => {
    const own = graph.findTensor(tensor.name);
    if (own === undefined || own.kind === 'constant') return [];
    return [{ name: own.name, own: channelsLastShape(own), written: [...tensor.shape!] }];
  });
}

const NETWORKS = [
  ...['densenet121', 'efficientnet_b0', 'googlenet', 'inception_v3', 'mnasnet0_5', 'mobilenet_v2'],
  ...['mobilenet_v3_small', 'regnet_x_400mf', 'regnet_y_400mf', 'resnet18', 'resnext50_32x4d'],
  ...['squeezenet1_1', 'convnext_tiny', 'swin_t', 'vit_b_32'],
];

describe('networks with channels first', () => {
  test.each(NETWORKS)('%s: every tensor has its shape, with channels last', (name) => {
    const graph = buildModel(name);
    const again = reimported(graph);
    expect(again.warnings).toEqual([]);
    const shapes = shapesOfBoth(graph, again);
    expect(shapes.length).toBeGreaterThan(again.nodes.length / 2);
    // Tokens of transformers have no layout, and may be written in another order.
    const isTransformer = /swin|vit/.test(name);
    for (const { name: tensor, own, written } of shapes) {
      const comparable = (shape: number[]) => (isTransformer ? shape.toSorted() : shape);
      expect([tensor, comparable(written)]).toEqual([tensor, comparable(own)]);
    }
    expect(again.outputs.map((output) => again.tensor(output).shape)).toEqual([[1, 1000]]);
  });

  test('maxvit_t and shufflenet, whose windows and groups of channels are on other axes', () => {
    for (const name of ['maxvit_t', 'shufflenet_v2_x0_5']) {
      const graph = buildModel(name);
      const shapes = shapesOfBoth(graph, reimported(graph));
      for (const { name: tensor, own, written } of shapes) {
        expect([tensor, elementCount(written)]).toEqual([tensor, elementCount(own)]);
      }
    }
  });

  test('a channel shuffle is a reshape, a transposition and a reshape', () => {
    const again = reimported(buildModel('shufflenet_v2_x1_0'));
    expect(kernelsOf(again).filter((type) => type === 'channelshuffle')).toHaveLength(16);
  });
});

describe('networks of the benchmark, with channels last', () => {
  // Lone batch normalization is a product and a sum in TFLite.
  const families = datasetFamilies().filter(({ name }) => name !== 'densenet');
  test.each(families.map(({ name }) => name))('%s has the same kernels again', (family) => {
    const graph = foldIntoWeights(buildDatasetModel(family));
    const again = reimported(graph);
    expect(kernelsOf(again)).toEqual(kernelsOf(graph));
    const shapes = shapesOfBoth(graph, again);
    expect(shapes.map(({ written }) => written)).toEqual(shapes.map(({ own }) => own));
  });

  test('densenet: each lone batch normalization is a product and a sum', () => {
    const graph = foldIntoWeights(buildDatasetModel('densenet'));
    const lone = graph.nodes.filter(({ op }) => op === 'bn').length;
    const counts = (of: Graph, op: Op) => of.nodes.filter((node) => node.op === op).length;
    const again = reimported(graph);
    expect(lone).toBeGreaterThan(50);
    expect(counts(again, 'bn')).toBe(0);
    expect(counts(again, 'mul')).toBe(counts(graph, 'mul') + lone);
    expect(counts(again, 'add')).toBe(counts(graph, 'add') + lone);
  });
});

type Built = readonly ShapedTensor[];

function built(build: (builder: GraphBuilder, x: ShapedTensor) => ShapedTensor | Built): Graph {
  const builder = new GraphBuilder('layers');
  const result = build(builder, builder.input('image', [1, 4, 11, 8]));
  return builder.build(...[result].flat());
}

const shapesOfOutputs = (graph: Graph) => graph.outputs.map((name) => graph.tensor(name).shape);

describe('padding', () => {
  test.each<[string, Parameters<typeof built>[0], Op[]]>([
    ['VALID', (b, x) => b.conv(x, 8, { kernel: 3 }), ['conv']],
    ['SAME by a stride of 1', (b, x) => b.conv(x, 8, { kernel: 3, padding: 1 }), ['conv']],
    [
      'SAME by the size: of 11 and 9 rows',
      (b, x) => b.conv(b.slice(x, 3, { end: 7 }), 8, { kernel: 3, stride: 2, padding: 1 }),
      ['slice', 'conv'],
    ],
    [
      'neither: 8 columns begin with a zero where SAME ends with one',
      (b, x) => b.conv(x, 8, { kernel: 3, stride: 2, padding: 1 }),
      ['pad', 'conv'],
    ],
    ['depthwise', (b, x) => b.dwconv(x, { kernel: 5, stride: 2, padding: 2 }), ['pad', 'dwconv']],
    ['a maximum', (b, x) => b.maxpool(x, 3, { stride: 2, padding: 1 }), ['pad', 'maxpool']],
    [
      'windows past the end',
      (b, x) => b.maxpool(x, 3, { stride: 2, ceilMode: true }),
      ['pad', 'maxpool'],
    ],
    ['a mean', (b, x) => b.avgpool(x, 3, { padding: 1 }), ['avgpool']],
    [
      'transposed, SAME',
      (b, x) => b.convtranspose(x, 6, { kernel: 4, stride: 2, padding: 1 }),
      ['convtranspose'],
    ],
    [
      'transposed, cut out of a VALID one',
      (b, x) => b.convtranspose(x, 6, { kernel: 3, stride: 2, padding: 1, outputPadding: 1 }),
      ['convtranspose', 'slice'],
    ],
  ])('%s', (_, build, expected) => {
    const graph = built(build);
    const again = reimported(graph);
    expect(opsOf(again)).toEqual(expected);
    expect(shapesOfOutputs(again)).toEqual(
      graph.outputs.map((name) => channelsLastShape(graph.tensor(name))),
    );
  });

  test('a mean over zeros at one side only cannot be said', () => {
    const graph = built((b, x) => b.avgpool(x, 3, { stride: 2, padding: 1 }));
    expect(failure(graph).message).toMatch(/avgpool_1.*averages over windows of SAME or VALID/);
  });
});

describe('what TFLite says in one operator', () => {
  test('an activation is part of the operator before it, unless something else reads that', () => {
    const graph = built((b, x) => {
      const first = b.conv(x, 4);
      return b.relu6(b.add(b.relu(first), b.relu(b.conv(first, 4))));
    });
    const bytes = exportTflite(graph);
    expect(operatorsOf(bytes)).toEqual(['CONV_2D', 'RELU', 'CONV_2D', 'ADD']);
    expect(opsOf(readTfLite(bytes)).toSorted()).toEqual(opsOf(graph).toSorted());
  });

  test('batch normalization, a bias, a written out GELU and hard swish', () => {
    const graph = built((b, x) => {
      const normalized = b.relu(b.bn(b.conv(x, 8, { bias: false })));
      const biased = b.add(b.conv(x, 8, { bias: false }), b.constant('bias', [8, 1, 1]));
      const y = b.add(normalized, biased);
      const curve = b.add(b.unary('erf', b.div(y, Math.SQRT2)), 1);
      const gelu = b.mul(b.mul(y, curve), 0.5);
      const gate = b.node('hardsigmoid', { alpha: 1 / 6, beta: 0.5 }, [gelu])[0]!;
      return b.mul(gelu, gate);
    });
    expect(operatorsOf(exportTflite(graph))).toEqual([
      ...['CONV_2D', 'CONV_2D', 'ADD', 'GELU', 'HARD_SWISH'],
    ]);
  });

  test('a flattened image stays where it lies for a dense layer, and is moved for all else', () => {
    const dense = built((b, x) => b.fc(b.relu(b.flatten(b.conv(x, 4))), 3));
    expect(opsOf(reimported(dense))).toEqual(['conv', 'reshape', 'relu', 'fc']);
    const softmax = built((b, x) => b.softmax(b.flatten(b.conv(x, 4))));
    expect(opsOf(reimported(softmax))).toEqual(['conv', 'transpose', 'reshape', 'softmax']);
  });

  test('transpositions between the two orders of channels are left out', () => {
    const graph = built((b, x) => b.fc(b.transpose(b.conv(x, 8), [0, 2, 3, 1]), 5));
    expect(opsOf(reimported(graph))).toEqual(['conv', 'fc']);
  });
});

describe('weights', () => {
  const graph = built((b, x) => b.fc(b.flatten(b.gap(b.conv(x, 64, { kernel: 3 }))), 10));

  test('follow from the seed', () => {
    const bytes = exportTflite(graph, { weights: 'random' });
    expect(exportTflite(graph, { weights: 'random', seed: 0 })).toEqual(bytes);
    expect(exportTflite(graph, { weights: 'random', seed: 1 })).not.toEqual(bytes);
    expect(bytes.length).toBe(exportTflite(graph, { weights: 'random', seed: 1 }).length);
  });

  test('of zeros share their bytes', () => {
    const deep = built((b, x) => {
      let y = x;
      for (let layer = 0; layer < 20; layer++) y = b.conv(y, 4, { kernel: 3, padding: 1 });
      return y;
    });
    const zeros = exportTflite(deep).length;
    expect(exportTflite(deep, { weights: 'random' }).length).toBeGreaterThan(
      zeros + 19 * 4 * 36 * 4,
    );
  });

  test('of half the precision are written as interpreters compute with them', () => {
    const graph = buildModel('squeezenet1_1');
    const half = createGraph({
      ...graph,
      tensors: [...graph.tensors.values()].map((tensor) =>
        tensor.kind === 'constant' ? { ...tensor, dataType: 'float16' as const } : tensor,
      ),
    });
    const options = { weights: 'random' } as const;
    expect(exportTflite(half, options)).toEqual(exportTflite(graph, options));
  });

  test('of more than 2 GB are refused before they are made', () => {
    const large = built((b, x) => b.fc(b.fc(b.flatten(x), 40_000), 20_000));
    const error = failure(large, { weights: 'random' });
    expect(error).toMatchObject({ code: 'E_LIMIT' });
    expect(error.message).toMatch(/take 3\.3 GB; a TFLite file holds at most 2 GB/);
  });
});

/** The operators of a file, in their order. */
function operatorsOf(bytes: Uint8Array): string[] {
  const sources = readTfLite(bytes).nodes.map(
    ({ name, sourceOp }) => `${name.split('/')[0]} ${sourceOp}`,
  );
  return [...new Set(sources)].map((each) => each.split(' ')[1]!);
}

function failure(graph: Graph, options: Parameters<typeof exportTflite>[1] = {}): NnMeterError {
  try {
    exportTflite(graph, options);
  } catch (error) {
    if (error instanceof NnMeterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('what cannot be exported', () => {
  const single = (node: Partial<Node>, dataType: 'float32' | 'int8' = 'float32'): Graph =>
    createGraph({
      name: 'single',
      nodes: [
        {
          ...{ name: 'node', sourceOp: 'Odd', attributes: {}, inputs: ['x'], outputs: ['y'] },
          ...node,
        } as Node,
      ],
      tensors: [
        { name: 'x', kind: 'input', dataType, shape: [1, 8] },
        { name: 'y', kind: 'activation', dataType, shape: [1, 8] },
      ],
      inputs: ['x'],
      outputs: ['y'],
    });

  const withoutAttributes = ops.filter((op) => Object.keys(opRow(op).attributes).length === 0);
  const unexportable = withoutAttributes.filter((op) => UNEXPORTABLE_OPS[op] !== undefined);

  test.each(unexportable)('%s is named', (op) => {
    const error = failure(single({ op } as Partial<Node>));
    expect(error).toMatchObject({ code: 'E_UNSUPPORTED_OP', where: { node: 'node', op: 'Odd' } });
    expect(error.message).toBe(
      `node "node" (Odd) cannot be exported to TFLite: ${UNEXPORTABLE_OPS[op]}`,
    );
  });

  test('other element types than float32', () => {
    const error = failure(single({ op: 'relu' }, 'int8'));
    expect(error).toMatchObject({ code: 'E_UNSUPPORTED_OP', where: { node: 'node' } });
    expect(error.message).toMatch(/only networks of float32 are written, it has int8/);
  });

  test('a weight that is computed', () => {
    const graph = built((b, x) => {
      const weight = b.reshape(b.input('weight', [1, 8, 2, 2]), [8, 4, 1, 1], { layout: 'OIHW' });
      const attributes = {
        ...{
          kernelShape: [1, 1],
          strides: [1, 1],
          dilations: [1, 1],
          pads: [0, 0, 0, 0],
          group: 1,
        },
      };
      return b.node('conv', attributes, [x, weight], { name: 'odd' })[0]!;
    });
    const error = failure(graph);
    expect(error).toMatchObject({ code: 'E_UNSUPPORTED_OP', where: { node: 'odd' } });
    expect(error.message).toMatch(/"reshape_1" is computed where TFLite wants a constant/);
  });

  const single4 = (node: Partial<Node>, outputs: readonly string[]): Graph =>
    createGraph({
      name: 'single',
      nodes: [{ ...{ name: 'odd', sourceOp: 'Odd', inputs: ['x'], outputs }, ...node } as Node],
      tensors: ['x', ...outputs].map((name) => ({
        name,
        kind: name === 'x' ? 'input' : 'activation',
        dataType: 'float32',
        shape: [1, 8, 4, 4],
        layout: 'NCHW',
      })),
      inputs: ['x'],
      outputs: [...outputs],
    });

  test.each([-8, 0, 3])('channels in %d groups', (groups) => {
    const graph = single4({ op: 'groupnorm', attributes: { groups } }, ['y']);
    expect(failure(graph)).toMatchObject({
      code: 'E_UNSUPPORTED_OP',
      message: expect.stringContaining(`8 channels do not make ${groups} groups`),
    });
  });

  test('more parts than results', () => {
    const attributes = { axis: 1, sizes: [4, 3, 1] };
    const graph = single4({ op: 'split', attributes }, ['y', 'z']);
    expect(failure(graph)).toMatchObject({
      code: 'E_UNSUPPORTED_OP',
      message: expect.stringContaining('3 parts are not its 2 results'),
    });
  });

  test('results that TFLite does not give', () => {
    const graph = built((b, x) => {
      const last = b.transpose(x, [0, 2, 3, 1]);
      const mean = { outputShapes: [last.shape, [1, 11, 8, 1]], name: 'odd' };
      return b.node('layernorm', { axis: 3 }, [last], mean);
    });
    expect(failure(graph).message).toMatch(/"odd".*TFLite gives 1 of its 2 results/);
  });

  test('long chains of layers', () => {
    const graph = built((b, x) => {
      let y = b.flatten(b.conv(x, 4));
      for (let layer = 0; layer < 20_000; layer++) y = b.relu(y);
      return b.fc(y, 3);
    });
    expect(reimported(graph).nodes).toHaveLength(graph.nodes.length);
  });

  test('a graph without results', () => {
    const graph = createGraph({ name: 'none', nodes: [], tensors: [], inputs: [], outputs: [] });
    expect(failure(graph)).toMatchObject({ code: 'E_INVALID_GRAPH' });
  });

  test('an operand of unknown shape', () => {
    const tensors = [
      { name: 'x', kind: 'input' as const, dataType: 'float32' as const },
      { name: 'y', kind: 'activation' as const, dataType: 'float32' as const },
    ];
    const relu = { name: 'relu', op: 'relu' as const, sourceOp: 'Relu', attributes: {} };
    const nodes = [{ ...relu, inputs: ['x'], outputs: ['y'] }];
    const graph = createGraph({ name: 'open', nodes, tensors, inputs: ['x'], outputs: ['y'] });
    expect(failure(graph)).toMatchObject({
      code: 'E_SHAPE',
      message: expect.stringMatching(/"x"/),
    });
  });
});
