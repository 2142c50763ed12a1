import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readTensorFlow, readTensorFlowFile } from '@nnmeter/frontend-tf';
import { type Graph, graphCost } from '@nnmeter/ir';

const fixtures = join(import.meta.dirname, '../../../fixtures/tf');
const names = readdirSync(fixtures)
  .filter((file) => file.endsWith('.pb') && !['unknown_dimensions.pb', 'text.pb'].includes(file))
  .map((file) => file.slice(0, -3));

function count(graph: Graph, op: string): number {
  return graph.nodes.filter((node) => node.op === op).length;
}

/** Shapes by TensorFlow's own inference. */
function referenceShapes(name: string): Record<string, number[]> {
  return JSON.parse(readFileSync(join(fixtures, `${name}.shapes.json`), 'utf8'));
}

describe("shapes equal TensorFlow's own", () => {
  test.each(names)('%s', async (name) => {
    const graph = await readTensorFlowFile(join(fixtures, `${name}.pb`));
    const reference = referenceShapes(name);
    let compared = 0;
    for (const tensor of graph.tensors.values()) {
      const expected = reference[/:\d+$/.test(tensor.name) ? tensor.name : `${tensor.name}:0`];
      if (expected === undefined) continue;
      expect({ name: tensor.name, shape: tensor.shape }).toEqual({
        name: tensor.name,
        shape: expected,
      });
      compared++;
    }
    // TensorFlow does not say what is in loops, branches and fused nodes.
    const outside = graph.nodes.filter((node) => !node.name.includes('['));
    expect(compared).toBeGreaterThan(outside.length);
    for (const node of graph.nodes) {
      for (const output of node.outputs) expect(graph.tensor(output).shape).toBeDefined();
    }
  });
});

test.each(names)('%s has no tensor that nothing computes', async (name) => {
  const graph = await readTensorFlowFile(join(fixtures, `${name}.pb`));
  const known = new Set([...graph.inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)]);
  const lost = [...graph.tensors.values()].filter((tensor) => !known.has(tensor.name));
  expect(lost.filter(({ kind }) => kind !== 'constant')).toEqual([]);
});

test('a frozen ResNet50 is 53 convolutions with batch normalization, 16 sums and one fc', async () => {
  const graph = await readTensorFlowFile(join(fixtures, 'resnet50.pb'));
  expect(count(graph, 'conv')).toBe(53);
  expect(count(graph, 'bn')).toBe(53);
  expect(count(graph, 'mul')).toBe(0);
  expect(count(graph, 'maxpool')).toBe(1);
  expect(count(graph, 'gap')).toBe(1);
  expect(count(graph, 'fc')).toBe(1);
  expect(graph.inputs).toEqual(['input_0']);
  expect(graph.outputs).toHaveLength(1);
});

test('a SavedModel folder is read through its function library, without its variables', async () => {
  const folder = join(fixtures, 'saved_model');
  expect(existsSync(join(folder, 'variables'))).toBe(false);
  const graph = await readTensorFlowFile(folder);
  expect(graph.nodes.map((node) => node.op)).toEqual([
    'conv',
    'add',
    'relu',
    'dwconv',
    'add',
    'bn',
    'relu',
    'gap',
    'fc',
    'add',
  ]);
  const conv = graph.nodes[0]!;
  expect(graph.tensor(conv.inputs[1]!)).toMatchObject({
    kind: 'constant',
    shape: [3, 3, 3, 8],
    layout: 'HWIO',
  });
  expect(graph.tensor(graph.outputs[0]!).shape).toEqual([1, 4]);
  expect(graph.warnings.join()).toMatch(/batch dimension/);
});

test('training-only ops are reported, not costed', async () => {
  const graph = await readTensorFlowFile(join(fixtures, 'slim.pb'));
  expect(graph.inputs).toEqual(['input']);
  expect(graph.outputs).toEqual(['Predictions']);
  expect(graph.warnings.join('\n')).toMatch(/FIFOQueueV2/);
  expect(graph.warnings.join('\n')).toMatch(/RandomUniform/);
  expect(graph.nodes.filter((node) => /Queue|Identity|NoOp/.test(node.sourceOp))).toEqual([]);
});

test('NCHW graphs keep their axis order and say so', async () => {
  const graph = await readTensorFlowFile(join(fixtures, 'channels_first.pb'));
  const conv = graph.nodes[0]!;
  expect(graph.tensor(conv.outputs[0]!)).toMatchObject({ shape: [2, 12, 24, 40], layout: 'NCHW' });
  expect(graph.nodes.at(-1)).toMatchObject({ op: 'gap', attributes: { axes: [2, 3] } });
});

test('several inputs that are neither square nor RGB', async () => {
  const graph = await readTensorFlowFile(join(fixtures, 'two_inputs.pb'));
  expect(graph.inputs.map((name) => graph.tensor(name).shape)).toEqual([
    [1, 96, 160, 1],
    [1, 12],
  ]);
  expect(count(graph, 'convtranspose')).toBe(1);
});

describe('unknown dimensions', () => {
  const path = join(fixtures, 'unknown_dimensions.pb');

  test('are named when they are needed', async () => {
    await expect(readTensorFlowFile(path)).rejects.toMatchObject({
      message: expect.stringMatching(/dimension 1 of input "input_0".*inputShapes: \{ 'input_0'/),
      where: { input: 'input_0' },
      hint: { inputShapes: { input_0: [1, 224, 224, 3] } },
    });
  });

  test('are settled by the user, by name or for the only input', async () => {
    for (const inputShapes of [
      [1, 32, 64, 3],
      { input_0: [1, 32, 64, 3] },
      { 'input_0:0': [1, 32, 64, 3] },
    ]) {
      const graph = await readTensorFlowFile(path, { inputShapes });
      expect(graph.tensor(graph.nodes[0]!.outputs[0]!).shape).toEqual([1, 16, 32, 8]);
    }
  });

  test('a shape for an input that is not there is refused', async () => {
    await expect(
      readTensorFlowFile(path, { inputShapes: { image: [1, 32, 32, 3] } }),
    ).rejects.toThrow(/no input "image".*"input_0"/);
    await expect(readTensorFlowFile(path, { inputShapes: [1, 0, 32, 3] })).rejects.toThrow(
      /positive/,
    );
  });
});

test('bytes are read like files', () => {
  const graph = readTensorFlow(readFileSync(join(fixtures, 'mobilenet_v2.pb')), {
    name: 'mobilenet_v2',
  });
  expect(graph.name).toBe('mobilenet_v2');
  expect(count(graph, 'dwconv')).toBe(17);
});

describe('loops and branches are what one inference runs of them', () => {
  const read = (name: string) => readTensorFlowFile(join(fixtures, `${name}.pb`));

  test('an LSTM of 6 steps, 8 features and 16 units', async () => {
    const graph = await read('lstm');
    // A step multiplies features and state by the weights of 4 gates; of them 3 are sigmoids, one is a tanh, as is the
    // result. A dense layer of 4 follows.
    expect(count(graph, 'fc')).toBe(2 * 6 + 1);
    expect(count(graph, 'sigmoid')).toBe(3 * 6);
    expect(count(graph, 'tanh')).toBe(2 * 6);
    expect(graphCost(graph).macs).toBe(6 * (8 + 16) * 4 * 16 + 16 * 4);
    expect(graphCost(graph).unknownNodes).toEqual([]);
    // The weights of all steps are the same: kernels of features and state, biases, the zeros that both states begin
    // with; then those of the dense layer.
    expect(graphCost(graph).parameters).toBe((8 + 16 + 1) * 64 + 2 * 16 + (16 + 1) * 4);
    // The last state, `[-1]` of a list of one.
    const last = graph.nodes.findLast(({ op }) => op === 'slice');
    expect(last?.attributes).toMatchObject({ starts: [0], ends: [1], axes: [0] });
    expect(graph.warnings.join('\n')).toMatch(/loops of 6 steps are counted step by step/);
  });

  test.each(['control', 'control_v1'])('%s: branches, nested loops, a map', async (name) => {
    const graph = await read(name);
    const product = 4 * 8 * 8;
    // One product a step: one of the loop whose end depends on data, 4 x 3 of the nested ones, and the branch's.
    expect(graphCost(graph).macs).toBe((1 + 1 + 12) * product);
    expect(count(graph, 'sigmoid')).toBe(4);
    expect(graph.outputs.map((output) => graph.tensor(output).shape)).toContainEqual([4, 8]);
    const warnings = graph.warnings.join('\n');
    expect(warnings).toMatch(/which branch is taken depends on data/);
    expect(warnings).toMatch(/sizes that depend on data are assumed: loop=1 \(1 node\)/);
    expect(warnings).toMatch(/loops of 3 steps/);
    expect(warnings).toMatch(/loops of 4 steps/);
  });
});

test("ops that TensorFlow's optimizer fused come apart", async () => {
  const graph = await readTensorFlowFile(join(fixtures, 'fused.pb'));
  const expected =
    'conv add relu dwconv add relu conv add leakyrelu conv bn relu gap fc add elu'.split(' ');
  expect(graph.nodes.map(({ op }) => op)).toEqual(expected);
  const leaky = graph.nodes.find(({ op }) => op === 'leakyrelu');
  expect(leaky?.attributes).toEqual({ alpha: expect.closeTo(0.2) });
  const [kernel, clip] = graph.nodes.filter(({ op }) => op === 'conv' || op === 'relu');
  expect(kernel?.attributes).toMatchObject({ strides: [2, 2], pads: [0, 0, 1, 1] });
  expect(clip?.attributes).toEqual({ min: 0, max: 6 });
});

test('text costs nothing, what follows from it is predicted', async () => {
  const graph = await readTensorFlowFile(join(fixtures, 'text.pb'));
  // How many words there are is not known, and they are cut from the result of the split.
  const unknown = graph.nodes.filter(({ outputs }) =>
    outputs.some((output) => output !== '' && graph.tensor(output).shape === undefined),
  );
  expect(new Set(unknown.map((node) => node.sourceOp))).toEqual(
    new Set(['StringSplitV2', 'StridedSlice']),
  );
  expect(count(graph, 'identity')).toBeGreaterThan(3);
  expect(count(graph, 'fc')).toBe(1);
  expect(graph.tensor(graph.outputs[0]!).shape).toEqual(referenceShapes('text')['Identity:0']);
});

test('what comes behind an op whose cost is not known', async () => {
  const graph = await readTensorFlowFile(join(fixtures, 'matrices.pb'));
  expect(graph.nodes.filter(({ op }) => op === 'custom').map((node) => node.sourceOp)).toEqual([
    'Svd',
  ]);
  expect(graphCost(graph)).toMatchObject({ macs: 2 * 16 ** 3, unknownNodes: ['Svd'] });
});

describe('signatures', () => {
  const folder = join(fixtures, 'signatures');

  test('one has to be named where none is for serving', async () => {
    await expect(readTensorFlowFile(folder)).rejects.toMatchObject({
      code: 'E_INVALID_INPUT',
      message: expect.stringMatching(/several signatures.*"embed", "image"/),
      hint: { signatures: ['embed', 'image'] },
    });
    await expect(readTensorFlowFile(folder, { signature: 'serve' })).rejects.toThrow(
      /no signature "serve": the model has "embed", "image"/,
    );
    const frozen = join(fixtures, 'lstm.pb');
    await expect(readTensorFlowFile(frozen, { signature: 'serve' })).rejects.toThrow(
      /no signature "serve": the model has none/,
    );
  });

  test("inputs of others are no inputs, so that one shape is the only input's", async () => {
    const embedding = await readTensorFlowFile(folder, { signature: 'embed' });
    expect(embedding.inputs).toEqual(['embed_features']);
    expect(embedding).toMatchObject({ signatures: ['embed', 'image'], signature: 'embed' });
    expect(embedding.tensor(embedding.outputs[0]!).shape).toEqual([1, 8]);
    const options = { signature: 'image', inputShapes: [1, 32, 48, 3] };
    const map = await readTensorFlowFile(folder, options);
    expect(map.inputs).toEqual(['image_image']);
    expect(map.tensor(map.outputs[0]!).shape).toEqual([1, 16, 24, 4]);
  });
});
