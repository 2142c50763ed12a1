import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exportOnnx, graphToOnnx, writeOnnxFile } from '@nnmeter/export-onnx';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnx, readOnnxFile } from '@nnmeter/frontend-onnx';
import { readTensorFlowFile } from '@nnmeter/frontend-tf';
import {
  createGraph,
  elementCount,
  type Graph,
  GraphBuilder,
  graphCost,
  NnMeterError,
  type Node,
  type Op,
  type Shape,
} from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { buildDatasetModel, buildModel, datasetFamilies } from '@nnmeter/zoo';
import { comparable } from '../../../tests/support/comparable.ts';

const structure = (graph: Graph): unknown[] => comparable(graph, { sourceOps: false });
const ops = (graph: Graph): Op[] => graph.nodes.map((node) => node.op);
const outputShapes = (graph: Graph) => graph.outputs.map((name) => graph.tensor(name).shape);
const reimported = (graph: Graph): Graph => readOnnx(graphToOnnx(graph));
const additional = (graph: Graph): Op[] => {
  const left = ops(graph);
  return ops(reimported(graph)).filter((op) => {
    const at = left.indexOf(op);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
};

const NETWORKS = [
  ...['alexnet', 'vgg11', 'resnet18', 'resnext50_32x4d', 'densenet121', 'squeezenet1_1'],
  ...['googlenet', 'inception_v3', 'mnasnet0_5', 'mobilenet_v2', 'mobilenet_v3_small'],
  ...['shufflenet_v2_x0_5', 'efficientnet_b0', 'efficientnet_v2_s', 'regnet_y_400mf'],
  ...['convnext_tiny', 'vit_b_32', 'swin_t', 'swin_v2_t', 'maxvit_t'],
];

test.each(NETWORKS)('%s comes back the same', (name) => {
  for (const batchNorm of ['fold', 'keep'] as const) {
    const graph = buildModel(name, { batchNorm });
    const model = graphToOnnx(graph);
    expect(model.length).toBeLessThan(1e6);
    const again = readOnnx(model);
    expect(structure(again)).toEqual(structure(graph));
    expect(outputShapes(again)).toEqual(outputShapes(graph));
    expect(graphCost(again).parameters).toBe(graphCost(graph).parameters);
    expect(again.warnings).toEqual([]);
  }
});

describe('networks with channels last', () => {
  test.each(datasetFamilies().map((family) => family.name))('%s of the benchmark', (family) => {
    const graph = buildDatasetModel(family);
    const again = reimported(graph);
    expect(ops(again)).toEqual(ops(graph));
    expect(graphCost(again).macs).toBe(graphCost(graph).macs);
    expect(graphCost(again).outputBytes).toBe(graphCost(graph).outputBytes);
    expect(again.tensor(again.inputs[0]!)).toMatchObject({
      shape: [1, 3, 224, 224],
      layout: 'NCHW',
    });
    expect(outputShapes(again)).toEqual([[1, 1000]]);
  });

  test('nn-Meter IR', () => {
    const graph = readNnMeterIr(writeNnMeterIr(buildModel('shufflenet_v2_x1_0')));
    const again = reimported(graph);
    expect(graphCost(again).macs).toBe(graphCost(buildModel('shufflenet_v2_x1_0')).macs);
    expect(additional(graph)).toEqual([]);
  });

  test('nn-Meter IR without the scalars of a hard swish', () => {
    const text = JSON.stringify(
      writeNnMeterIr(buildDatasetModel('mobilenetv3small')),
      (key, value) => (key === 'constant' || key === 'constants' ? undefined : value),
    );
    const kernels = (graph: Graph) => detectKernels(graph, { fuse: {} }).map(({ type }) => type);
    const graph = readNnMeterIr(text);
    expect(kernels(graph)).toContain('hswish');
    expect(kernels(reimported(graph))).toEqual(kernels(graph));
  });

  const folder = join(import.meta.dirname, '../../../fixtures/tf');
  const withoutExport = [
    'unknown_dimensions',
    'detection_head',
    'images',
    'matrices',
    'signals',
    'text',
  ];
  // What ONNX leaves out of these: products with the zeros an LSTM begins with; sides of a condition that go nowhere.
  const leftOut: Readonly<Record<string, number>> = {
    'lstm.pb': 16 * 64,
    'control_v1.pb': 4 * 8 * 8,
  };
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith('.pb'))
        .filter((file) => !withoutExport.includes(file.replace('.pb', '')))
    : [];

  test.each(files)('TensorFlow: %s', async (file) => {
    const graph = await readTensorFlowFile(join(folder, file));
    expect(additional(graph).filter((op) => op !== 'sqrt' && op !== 'reciprocal')).toEqual([]);
    const exported = graphCost(reimported(graph)).macs;
    expect(exported).toBe(graphCost(graph).macs - (leftOut[file] ?? 0));
  });

  test('an image that becomes tokens is transposed first, a flattened one is not', () => {
    const builder = new GraphBuilder('tokens', { layout: 'NHWC' });
    const image = builder.conv(builder.input('image', [1, 32, 32, 3]), 16, {
      kernel: 8,
      stride: 8,
    });
    const tokens = builder.fc(builder.reshape(image, [1, 16, 16]), 32);
    const graph = builder.build(tokens, builder.fc(builder.flatten(image), 10));
    const again = reimported(graph);
    expect(additional(graph)).toEqual(['transpose']);
    expect(outputShapes(again)).toEqual([
      [1, 16, 32],
      [1, 10],
    ]);
  });

  test('a dense layer and a softmax over the channels of an image', () => {
    const builder = new GraphBuilder('dense', { layout: 'NHWC' });
    const image = builder.conv(builder.input('image', [1, 8, 8, 3]), 16);
    const scores = builder.softmax(builder.relu(image));
    const graph = builder.build(builder.add(builder.fc(scores, 16), image));
    expect(graphCost(reimported(graph)).macs).toBe(graphCost(graph).macs);
    expect(elementCount(outputShapes(reimported(graph))[0]!)).toBe(8 * 8 * 16);
  });

  test('axes follow: concat, split, pad, slice, mean, broadcast', () => {
    const builder = new GraphBuilder('axes', { layout: 'NHWC' });
    const x = builder.conv(builder.input('image', [1, 8, 6, 3]), 4);
    const [left, right] = builder.split(x, [1, 3], 3);
    const joined = builder.concat([right!, left!], 3);
    const padded = builder.pad(joined, [0, 1, 2, 0, 0, 3, 4, 0]);
    const cut = builder.slice(padded, 2, { start: 1, end: 9 });
    const shifted = builder.add(cut, builder.constant('shift', [4]));
    const mean = builder.mean(shifted, [1], { keepDims: false });
    const graph = builder.build(mean, builder.mul(shifted, builder.gap(shifted)));
    const again = reimported(graph);
    expect(ops(again)).toEqual(ops(graph));
    expect(outputShapes(again)).toEqual([
      [1, 4, 8],
      [1, 4, 12, 8],
    ]);
  });
});

describe('weights', () => {
  test('in a sparse file beside the model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'export-onnx-'));
    try {
      const graph = buildModel('vgg11');
      const path = join(folder, 'vgg11.onnx');
      const bytes = await writeOnnxFile(graph, path, { weights: 'zero', external: true });
      const weights = await stat(join(folder, 'vgg11.onnx.weights'));
      expect(weights.size).toBe(bytes);
      expect(bytes).toBeGreaterThan(132e6 * 4);
      expect(weights.blocks * 512).toBeLessThan(1e6);
      expect((await readFile(path)).length).toBeLessThan(20e3);
      expect(structure(await readOnnxFile(path))).toEqual(structure(graph));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('do not overlap, and small ones stay inside', () => {
    const graph = buildModel('squeezenet1_1');
    const { externalBytes } = exportOnnx(graph, {
      weights: 'zero',
      externalFile: 'weights.bin',
    });
    expect(externalBytes).toBeGreaterThan(1.2e6 * 4);
    expect(exportOnnx(graph).externalBytes).toBe(0);
  });
});

describe('what cannot be exported', () => {
  const failure = (graph: Graph): NnMeterError => {
    try {
      graphToOnnx(graph);
    } catch (error) {
      if (error instanceof NnMeterError) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  };

  test('an op of unknown kind is named', () => {
    const builder = new GraphBuilder('custom');
    const x = builder.input('x', [1, 4]);
    builder.node('custom', {}, [x], {
      name: 'odd',
      sourceOp: 'com.example::Odd',
      outputShapes: [[1, 4]],
    });
    const error = failure(builder.build());
    expect(error.code).toBe('E_UNSUPPORTED_OP');
    expect(error.message).toMatch(/odd.*com\.example::Odd/);
  });

  /** A node of one computed operand `x`. */
  const single = (node: Partial<Node>, xShape?: Shape, yShape?: Shape): Graph =>
    createGraph({
      name: 'single',
      nodes: [{ name: 'node', attributes: {}, inputs: ['x'], outputs: ['y'], ...node } as Node],
      tensors: [
        { name: 'x', kind: 'input', dataType: 'float32', ...(xShape && { shape: xShape }) },
        { name: 'y', kind: 'activation', dataType: 'float32', ...(yShape && { shape: yShape }) },
      ],
      inputs: ['x'],
      outputs: ['y'],
    });

  test('an unknown shape of a result is named', () => {
    const error = failure(single({ op: 'relu', sourceOp: 'Relu' }, [1, 8]));
    expect(error).toMatchObject({ code: 'E_SHAPE', message: expect.stringContaining('"y"') });
  });

  test.each([
    { op: 'groupnorm', attributes: { groups: 2 } },
    { op: 'instancenorm' },
    { op: 'lrn' },
    { op: 'depthtospace', attributes: { blockSize: 2 } },
    { op: 'maxpool', attributes: { kernelShape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0] } },
  ] as Partial<Node>[])('an unknown shape of an operand of $op is named', (node) => {
    const error = failure(single({ ...node, sourceOp: 'Odd' }, undefined, [1, 4, 4, 4]));
    expect(error).toMatchObject({ code: 'E_SHAPE', message: expect.stringContaining('"x"') });
  });

  test.each<Op>(['sub', 'mul', 'div', 'pow', 'where', 'prelu', 'equal', 'and'])(
    '%s of fewer operands than ONNX demands',
    (op) => {
      const error = failure(single({ op, sourceOp: 'Odd' } as Partial<Node>, [1, 8], [1, 8]));
      expect(error.code).toBe('E_UNSUPPORTED_OP');
      expect(error.message).toMatch(/"node" \(Odd\).*it has 1 of the [23] operands/);
    },
  );

  test.each<[string, string, RegExp, { outputs?: string[]; input?: number[]; other?: number[] }]>([
    ['no results', 'E_INVALID_GRAPH', /no results/, { outputs: [] }],
    ['an input without elements', 'E_SHAPE', /"x" \[0, 8\] has no elements/, { input: [0, 8] }],
    [
      'shapes that contradict',
      'E_SHAPE',
      /"add" \(Add\).*\[1, 8\] and \[1, 5\]/,
      { other: [1, 5] },
    ],
  ])('%s', (_, code, message, { outputs = ['y'], input = [1, 8], other = input }) => {
    const tensors = [
      { name: 'x', kind: 'input' as const, dataType: 'float32' as const, shape: input },
      { name: 'w', kind: 'constant' as const, dataType: 'float32' as const, shape: other },
      { name: 'y', kind: 'activation' as const, dataType: 'float32' as const, shape: input },
    ];
    const add = { name: 'add', op: 'add' as const, sourceOp: 'Add', attributes: {} };
    const nodes = [{ ...add, inputs: ['x', 'w'], outputs: ['y'] }];
    const error = failure(createGraph({ name: 'odd', nodes, tensors, inputs: ['x'], outputs }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

test('a result that is a constant is written', () => {
  const tensors = [
    { name: 'x', kind: 'input' as const, dataType: 'float32' as const, shape: [1, 8] },
    { name: 'c', kind: 'constant' as const, dataType: 'float32' as const, shape: [3] },
  ];
  const nodes: readonly Node[] = [];
  const graph = createGraph({ name: 'fixed', nodes, tensors, inputs: ['x'], outputs: ['c'] });
  expect(reimported(graph).outputs).toEqual(['c']);
});
