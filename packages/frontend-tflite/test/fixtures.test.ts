import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readTfLite, readTfLiteFile } from '@nnmeter/frontend-tflite';
import {
  elementCount,
  type Graph,
  graphCost,
  precisionOf,
  validateGraph,
  withInputShapes,
} from '@nnmeter/ir';

const fixtures = join(import.meta.dirname, '../../../fixtures/tflite');
const names = readdirSync(fixtures)
  .filter((file) => file.endsWith('.tflite'))
  .map((file) => file.slice(0, -'.tflite'.length));

type Reference = readonly (readonly ([name: string, shape: number[]] | null)[])[];

function read(name: string, options = {}): Graph {
  return readTfLite(readFileSync(join(fixtures, `${name}.tflite`)), options);
}

function referenceOf(name: string, kind: 'shapes' | 'resized'): Reference | null {
  return JSON.parse(readFileSync(join(fixtures, `${name}.${kind}.json`), 'utf8'));
}

/** Shapes by tensor, of a graph and of the interpreter, for all tensors that both have. */
function inCommon(graph: Graph, reference: Reference) {
  const ours: Record<string, readonly number[] | undefined> = {};
  const theirs: Record<string, readonly number[]> = {};
  for (const entry of reference[0]!) {
    const tensor = entry && graph.tensors.get(entry[0]);
    if (!tensor) continue;
    ours[tensor.name] = tensor.shape;
    theirs[tensor.name] = entry[1];
  }
  return { ours, theirs };
}

function count(graph: Graph, op: string): number {
  return graph.nodes.filter((node) => node.op === op).length;
}

function opsOf(graph: Graph): string[] {
  return graph.nodes.map((node) => node.op);
}

/** What it finds depends on data; what it is read with must be given. */
const OTHERS = ['data_dependent', 'dynamic_image', 'calls_itself'];
const same = names.filter((name) => !OTHERS.includes(name) && referenceOf(name, 'shapes') !== null);
const resized = names.filter((name) => existsSync(join(fixtures, `${name}.resized.json`)));

describe("shapes equal the interpreter's", () => {
  test.each(same)('%s', (name) => {
    const graph = read(name);
    const { ours, theirs } = inCommon(graph, referenceOf(name, 'shapes')!);
    expect(ours).toEqual(theirs);
    expect(graph.warnings.filter((warning) => warning.includes('the file states'))).toEqual([]);
    const issues = validateGraph(graph, { requireShapes: true });
    expect(issues.filter(({ kind }) => /shape/.test(kind))).toEqual([]);
  });

  test('almost all tensors are compared', () => {
    const compared = same.map((name) => {
      const { theirs } = inCommon(read(name), referenceOf(name, 'shapes')!);
      return Object.keys(theirs).length;
    });
    expect(same.length).toBeGreaterThan(25);
    expect(compared.reduce((sum, tensors) => sum + tensors, 0)).toBeGreaterThan(750);
  });

  test.each(resized)('%s with another input', (name) => {
    const reference = referenceOf(name, 'resized')!;
    const graph = read(name, { inputShapes: reference[0]![0]![1] });
    const { ours, theirs } = inCommon(graph, reference);
    expect(ours).toEqual(theirs);
    expect(Object.keys(theirs).length).toBeGreaterThan(4);
  });

  test('a graph that is given other input shapes afterwards', () => {
    const reference = referenceOf('tiny_cnn_batch', 'resized')!;
    const { ours, theirs } = inCommon(
      withInputShapes(read('tiny_cnn_batch'), [4, 32, 32, 3]),
      reference,
    );
    expect(ours).toEqual(theirs);
  });
});

test('MobileNetV2 is the published network: its convolutions, MACs, activations as nodes', () => {
  const graph = read('mobilenet_v2_f32');
  expect(count(graph, 'conv')).toBe(35);
  expect(count(graph, 'dwconv')).toBe(17);
  expect(count(graph, 'relu')).toBe(35);
  expect(count(graph, 'add')).toBe(10);
  expect(graphCost(graph).macs).toBe(300_774_272);
  // Keras' summary counts 3,538,984 parameters, of which 4 x 17,056 are of batch normalization and 1000 are a bias.
  const kernels = [...graph.tensors.values()].filter(
    ({ kind, shape }) => kind === 'constant' && shape!.length > 1,
  );
  const parameters = kernels.reduce((sum, { shape }) => sum + elementCount(shape!), 0);
  expect(parameters).toBe(3_538_984 - 4 * 17_056 - 1000);
  const [first] = graph.nodes;
  expect(first).toMatchObject({ op: 'conv', attributes: { pads: [0, 0, 1, 1], strides: [2, 2] } });
  expect(graph.tensor(first!.inputs[1]!)).toMatchObject({ layout: 'OHWI', shape: [32, 3, 3, 3] });
  const depthwise = graph.nodes.find((node) => node.op === 'dwconv')!;
  expect(graph.tensor(depthwise.inputs[1]!)).toMatchObject({
    layout: 'IHWO',
    shape: [1, 3, 3, 32],
  });
});

describe('precision', () => {
  test.each([
    ['mobilenet_v2_f32', 'float32', 'float32', []],
    ['tiny_cnn_f16', 'float32', 'float16', []],
    ['tiny_cnn_dyn', 'float32', 'int8', []],
    ['mobilenet_v1_int8', 'int8', 'int8', []],
    ['tiny_cnn_int8_float_io', 'int8', 'int8', ['quantize', 'dequantize']],
  ])('%s computes in %s with weights in %s', (name, activations, weights, conversions) => {
    const graph = read(name);
    expect(precisionOf(graph)).toEqual({ activations, weights });
    expect(opsOf(graph).filter((op) => op.includes('quantize'))).toEqual(conversions);
  });
});

describe('control flow', () => {
  test('a layer that counts its steps is unrolled: 12 trips of both LSTM layers, with their weights once', () => {
    const graph = read('lstm');
    expect(graph.warnings).toEqual([]);
    // Four gates, input and state, of 8 to 16 and 16 to 12 units over 12 steps, in the first of which the state is a constant;
    // a dense layer of 12 by 4.
    const inputs = 12 * 4 * (16 * 8 + 12 * 16);
    const states = 11 * 4 * (16 * 16 + 12 * 12);
    expect(graphCost(graph).macs).toBe(inputs + states + 12 * 4);
    const weights = [...graph.tensors.values()].filter(
      ({ kind, shape }) => kind === 'constant' && shape?.length === 2 && shape[0] !== 1,
    );
    expect(weights).toHaveLength(5);
  });

  test('a loop of five products', () => {
    const graph = read('loop');
    expect(opsOf(graph)).toEqual(new Array(5).fill(['fc', 'relu']).flat());
  });

  test('of a branch that depends on data the longer one is counted, and said', () => {
    const graph = read('branches');
    expect(opsOf(graph)).toHaveLength(1);
    expect(graph.warnings).toEqual([
      'which branch is taken depends on data; the longer one is counted: "Identity"',
    ]);
    expect(graphCost(graph)).toMatchObject({ macs: 4 * 8 * 8, unknownNodes: [] });
  });

  test('variables: what a run assigns is what it reads; the first signature is read, and others are named', () => {
    const graph = read('signatures');
    expect(opsOf(graph)).toEqual(['add']);
    expect(graph.outputs).toEqual([graph.nodes[0]!.outputs[0]]);
    expect(graph.warnings.join()).toMatch(/several signatures; "add" is read, not "project"/);
    expect(graph).toMatchObject({ signatures: ['add', 'project'], signature: 'add' });
    const other = read('signatures', { signature: 'project' });
    expect(opsOf(other)).toEqual(['fc']);
    expect(other.warnings).toEqual([expect.stringMatching(/unknown batch dimension/)]);
    expect(() => read('signatures', { signature: 'serve' })).toThrow(
      /there is no signature "serve": the model has "add", "project"/,
    );
  });

  test('statistics that are variables are computed with before the network runs', () => {
    expect(opsOf(read('unfrozen'))).toEqual(['conv', 'mul', 'sub', 'relu']);
  });
});

test('recurrent operators: MACs of every gate, projections, both directions', () => {
  const graph = read('recurrent');
  const recurrent = graph.nodes.filter(({ op }) => op === 'lstm' || op === 'rnn');
  expect(recurrent.map(({ attributes }) => attributes)).toMatchObject([
    { hiddenSize: 8, directions: 1 },
    { hiddenSize: 8, directions: 1 },
    { hiddenSize: 3, directions: 2 },
    { hiddenSize: 5, directions: 2 },
    { hiddenSize: 7, directions: 1 },
    { hiddenSize: 9, directions: 1 },
    { hiddenSize: 4, directions: 1 },
  ]);
  // The projection of the second layer, and the matrix of the filters.
  expect(count(graph, 'fc')).toBe(2);
});

test('detections: how many are kept is an option of the custom operator', () => {
  const graph = read('detection');
  expect(opsOf(graph)).toEqual(['nonmaxsuppression']);
  expect(graph.outputs.map((output) => graph.tensor(output).shape)).toEqual([
    [1, 20, 4],
    [1, 20],
    [1, 20],
    [1],
  ]);
});

test("MediaPipe's operators, and one that nobody knows", () => {
  const graph = read('unpooling');
  expect(opsOf(graph)).toEqual(['maxpool', 'resize', 'convtranspose', 'custom']);
  expect(graph.node('result_6')?.attributes).toMatchObject({
    kernelShape: [2, 2],
    strides: [2, 2],
  });
  expect(graph.tensor(graph.outputs[0]!).shape).toEqual([1, 32, 32, 6]);
  expect(graph.warnings).toEqual([
    'no shape inference for TFLite operator "OpOfMyOwn"; its cost cannot be predicted: "result_7"',
  ]);
  const wide = withInputShapes(read('detection'), {
    input_0: [1, 64, 4],
    input_1: [1, 64, 3],
  });
  expect(wide.outputs).toHaveLength(4);
});

test('sizes that depend on data are assumed, and said', () => {
  const shapesOf = (assume = {}) => {
    const graph = read('data_dependent', { assume });
    const names = ['Where', 'Identity', 'Identity_1', 'Identity_2'];
    return [names.map((name) => graph.tensor(name).shape), graph.warnings.at(-1)];
  };
  // Of 4 x 8 elements there can be no more than 32.
  expect(shapesOf()).toEqual([
    [[32, 2], [32], [32], [32]],
    'sizes that depend on data are assumed: unique=32 (1 node), nonzero=32 (1 node)',
  ]);
  expect(shapesOf({ nonzero: 5, unique: 7 })[0]).toEqual([[5, 2], [5], [7], [32]]);
});

describe('shapes of inputs', () => {
  test('an unknown batch is taken as 1, and said', () => {
    const { warnings } = read('tiny_cnn_batch');
    expect(warnings).toEqual([expect.stringMatching(/unknown batch dimension; it is taken as 1/)]);
  });

  test('other unknown sides must be given', () => {
    expect(() => read('dynamic_image')).toThrow(
      expect.objectContaining({
        code: 'E_MISSING_DIMENSION',
        message: expect.stringMatching(/dimension 1 of input .* \[\?, \?, \?, 3\] is unknown/),
        hint: expect.objectContaining({ inputShapes: expect.anything() }),
      }),
    );
  });

  test('inputs go by their name in the signature too', () => {
    const graph = read('tiny_cnn_batch', { inputShapes: { keras_tensor_3: [2, 32, 32, 3] } });
    expect(graph.tensor(graph.outputs[0]!).shape).toEqual([2, 10]);
  });

  test.each([
    [{ nothing: [1, 32, 32, 3] }, /there is no input "nothing"/],
    [[1, 32, 32], /needs 4 positive extents/],
    [[1, 32, 0, 3], /needs 4 positive extents/],
  ])('%j', (inputShapes, message) => {
    expect(() => read('tiny_cnn_batch', { inputShapes })).toThrow(message);
  });
});

test('a file is named after itself', async () => {
  const graph = await readTfLiteFile(join(fixtures, 'products.tflite'));
  expect(graph.name).toBe('products');
  expect(graph.metadata).toMatchObject({ format: 'tflite' });
});
