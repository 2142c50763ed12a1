import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readTensorFlow, readTensorFlowFile } from '@nnmeter/frontend-tf';
import type { Graph } from '@nnmeter/ir';

const fixtures = join(import.meta.dirname, '../../../fixtures/tf');
const names = readdirSync(fixtures)
  .filter((file) => file.endsWith('.pb') && file !== 'unknown_dimensions.pb')
  .map((file) => file.slice(0, -3));

function count(graph: Graph, op: string): number {
  return graph.nodes.filter((node) => node.op === op).length;
}

describe("shapes equal TensorFlow's own", () => {
  test.each(names)('%s', async (name) => {
    const graph = await readTensorFlowFile(join(fixtures, `${name}.pb`));
    const reference: Record<string, number[]> = JSON.parse(
      readFileSync(join(fixtures, `${name}.shapes.json`), 'utf8'),
    );
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
    expect(compared).toBeGreaterThan(graph.nodes.length);
    for (const node of graph.nodes) {
      for (const output of node.outputs) expect(graph.tensor(output).shape).toBeDefined();
    }
  });
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
