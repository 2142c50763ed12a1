import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { exportTflite } from '@nnmeter/export-tflite';
import { readTensorFlowFile } from '@nnmeter/frontend-tf';
import { readTfLite } from '@nnmeter/frontend-tflite';
import { createGraph, type Graph, GraphBuilder, graphCost, type Node } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { createPredictor, measureSize } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';
import { chain, graphOf } from './support/graphs.ts';

const kernelsOf = (graph: Graph) => detectKernels(graph, cortexA76.fusionRules);
const alone = (graph: Graph) => graph.nodes.map((node) => ({ nodes: [node] }));
const peakOf = (graph: Graph, writesInPlace = false) =>
  measureSize(graph, kernelsOf(graph), writesInPlace).size.activationBytes;
const fixture = (name: string) =>
  readTfLite(
    new Uint8Array(readFileSync(new URL(`../../fixtures/tflite/${name}.tflite`, import.meta.url))),
  );

// Bytes from the first to the last of the arena's tensors in LiteRT 2.3, as scripts/measure-memory.py tells.
const ARENAS = { mobilenet_v2_f32: 6623232, unet_int8: 143360, tiny_cnn_int8_float_io: 20480 };

test.each(Object.entries(ARENAS))('%s: the arena of LiteRT, to the byte', (name, bytes) => {
  expect(peakOf(fixture(name))).toBe(bytes);
});

const EXPORTED = { googlenet: 4616192, squeezenet1_1: 4530688, mobilenet_v3_large: 7082240 };

test.each(Object.entries(EXPORTED))('%s, exported: the arena of LiteRT', (name, bytes) => {
  expect(peakOf(readTfLite(exportTflite(buildModel(name))))).toBe(bytes);
});

test('resnet50: LiteRT 2.3 writes sums in place', () => {
  expect(peakOf(readTfLite(exportTflite(buildModel('resnet50'))), true)).toBe(7827456);
});

test('resnet50, frozen: image and three of the largest results, of a block that changes its width', async () => {
  const path = fileURLToPath(new URL('../../fixtures/tf/resnet50.pb', import.meta.url));
  expect(peakOf(await readTensorFlowFile(path))).toBe(4 * (224 * 224 * 3 + 3 * 56 * 56 * 256));
});

/** Runs kernel by kernel with a table of the tensors that are there, each dropped after its last reader. */
function heldByTable(graph: Graph, kernels: readonly { nodes: readonly Node[] }[]): number[] {
  const kernelOf = new Map(kernels.flatMap(({ nodes }, index) => nodes.map((n) => [n, index])));
  const bytes = (name: string) =>
    graph.tensor(name).shape!.reduce((product, extent) => product * extent, 4);
  const last = (name: string) =>
    graph.inputs.includes(name) || graph.outputs.includes(name)
      ? Number.POSITIVE_INFINITY
      : Math.max(...graph.consumers(name).map((node) => kernelOf.get(node)!));
  const table = new Map(graph.inputs.map((name) => [name, bytes(name)]));
  return kernels.map(({ nodes }, index) => {
    for (const name of nodes.flatMap(({ outputs }) => outputs))
      if (last(name) > index) table.set(name, bytes(name));
    const sum = [...table.values()].reduce((total, each) => total + each, 0);
    for (const name of table.keys()) if (last(name) <= index) table.delete(name);
    return sum;
  });
}

test.each(['densenet121', 'googlenet', 'efficientnet_b0'])('%s: what a run holds', (name) => {
  const graph = buildModel(name);
  for (const kernels of [kernelsOf(graph), alone(graph)]) {
    const { kernels: sizes } = measureSize(graph, kernels, false);
    expect(sizes.map(({ activationBytes }) => activationBytes)).toEqual(
      heldByTable(graph, kernels),
    );
  }
});

test.each(['resnet18', 'mobilenet_v3_small'])('%s: kernels add up to the graph', (name) => {
  const graph = buildModel(name);
  const { size, kernels } = measureSize(graph, kernelsOf(graph), false);
  const { macs, parameters, weightBytes } = graphCost(graph);
  expect(size).toMatchObject({ macs, parameters, weightBytes, unknownActivations: 0 });
  for (const field of ['macs', 'parameters', 'weightBytes'] as const)
    expect(kernels.reduce((sum, kernel) => sum + kernel[field], 0)).toBe(size[field]);
  expect(size.activationBytes).toBe(Math.max(...kernels.map((each) => each.activationBytes)));
});

describe('in place', () => {
  const bytes = 4 * 8 * 16 * 16;

  function branch(): Graph {
    const builder = new GraphBuilder('branch');
    const image = builder.input('image', [1, 8, 16, 16]);
    const first = builder.unary('erf', image);
    const second = builder.unary('tanh', first);
    return builder.build(builder.add(builder.unary('exp', second), second));
  }

  test('a result takes the place of an operand that nobody reads again', () => {
    const graph = branch();
    const held = (writesInPlace: boolean) =>
      measureSize(graph, alone(graph), writesInPlace).kernels.map(
        ({ activationBytes }) => activationBytes / bytes,
      );
    // The image stays with its owner.
    expect(held(false)).toEqual([2, 3, 3, 4]);
    expect(held(true)).toEqual([2, 2, 3, 3]);
  });

  test('fused, neither is needed', () => {
    const graph = branch();
    const [first, ...others] = graph.nodes;
    const kernels = [{ nodes: [first!] }, { nodes: others }];
    expect(measureSize(graph, kernels, false).size.activationBytes).toBe(3 * bytes);
  });
});

test('a constant that two nodes read is stored once', () => {
  const weight = { name: 'w', kind: 'constant', dataType: 'float16', shape: [8, 8] } as const;
  const tensor = (name: string, kind: 'input' | 'activation') =>
    ({ name, kind, dataType: 'float32', shape: [1, 8] }) as const;
  const fc = (name: string, input: string, output: string): Node => ({
    ...{ name, op: 'fc', sourceOp: 'Gemm', inputs: [input, 'w'], outputs: [output] },
    attributes: { transposeA: false, transposeB: false },
  });
  const graph = createGraph({
    name: 'tied',
    nodes: [fc('a', 'x', 'y'), fc('b', 'y', 'z')],
    tensors: [weight, tensor('x', 'input'), tensor('y', 'activation'), tensor('z', 'activation')],
    inputs: ['x'],
    outputs: ['z'],
  });
  const { size, kernels } = measureSize(graph, alone(graph), false);
  expect(size).toMatchObject({ parameters: 64, weightBytes: 128, macs: 128 });
  expect(kernels.map(({ parameters }) => parameters)).toEqual([64, 0]);
});

test('activations of unknown shape are counted, not forgotten', () => {
  const graph = graphOf(
    chain({
      pool: {
        type: 'MaxPool',
        in: [1, 8, 8, 4],
        out: [1, 4, 4, 4],
        attr: { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] },
      },
      mystery: { type: 'RoiAlign', in: [1, 4, 4, 4] },
      scores: { type: 'Relu', in: [] },
    }),
  );
  const { size } = createPredictor(cortexA76).predictGraph(graph);
  expect(size.unknownActivations).toBe(2);
  expect(size.activationBytes).toBe(4 * (8 * 8 * 4 + 4 * 4 * 4));
});
