import { describe, expect, test } from '@jest/globals';
import { type Graph, graphCost, NnMeterError } from '@nnmeter/ir';
import { openModel } from '@nnmeter/model-source';
import { buildModel, frontend, modelNames, resnet, shufflenetV2, vit } from '@nnmeter/zoo';

function failure(action: () => unknown): NnMeterError {
  try {
    action();
  } catch (error) {
    if (error instanceof NnMeterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const outputShape = (graph: Graph) => graph.tensor(graph.outputs[0]!).shape;
const ops = (graph: Graph) => graph.nodes.map((node) => node.op);

describe('buildModel', () => {
  test.each([
    ['squeezenet', 'squeezenet1_0'],
    ['shufflenet_v2', 'shufflenet_v2_x1_0'],
    ['mnasnet', 'mnasnet1_0'],
    ['ResNet18', 'resnet18'],
    ['mobilenet-v2', 'mobilenet_v2'],
  ])('%s means %s', (alias, name) => {
    expect(buildModel(alias).name).toBe(name);
  });

  test.each(modelNames())('%s takes another batch and number of classes', (name) => {
    const graph = buildModel(name, { inputShape: [2, 3, 224, 224], classes: 10 });
    expect(outputShape(graph)).toEqual([2, 10]);
    const batches = graph.nodes.map((node) => graph.tensor(node.outputs[0]!).shape![0]!);
    expect(batches.filter((batch) => batch === 1)).toEqual([]);
  });

  test('MACs of a convolutional network follow the area of the image', () => {
    const trunk = (side: number): number => {
      const graph = buildModel('resnet18', { inputShape: [1, 3, side, side] });
      return graphCost(graph).macs - 512 * 1000;
    };
    expect(trunk(448)).toBe(4 * trunk(224));
  });

  test('an image that is not square and not RGB', () => {
    const graph = buildModel('mobilenet_v2', { inputShape: [1, 1, 96, 160] });
    const last = graph.nodes.find((node) => node.op === 'gap')!;
    expect(graph.tensor(last.inputs[0]!).shape).toEqual([1, 1280, 3, 5]);
  });

  test('images smaller than the fixed pooling of VGG are resized to it', () => {
    const graph = buildModel('vgg16', { inputShape: [1, 3, 64, 64] });
    expect(ops(graph)).toContain('resize');
    expect(outputShape(graph)).toEqual([1, 1000]);
  });

  test('batch normalization is folded as exported, or kept', () => {
    expect(ops(buildModel('resnet18'))).not.toContain('bn');
    const kept = ops(buildModel('resnet18', { batchNorm: 'keep' }));
    expect(kept.filter((op) => op === 'bn')).toHaveLength(20);
    expect(kept.filter((op) => op !== 'bn')).toEqual(ops(buildModel('resnet18')));
  });

  test('an unknown name brings the nearest one', () => {
    const error = failure(() => buildModel('resnet19'));
    expect(error.code).toBe('E_UNKNOWN_MODEL');
    expect(error.message).toMatch(/"resnet19".*did you mean resnet18/);
    expect(failure(() => buildModel('mobilnetv2')).message).toContain('mobilenet_v2');
    expect(failure(() => buildModel('__proto__')).code).toBe('E_UNKNOWN_MODEL');
    expect(failure(() => buildModel('x'.repeat(1e6))).message.length).toBeLessThan(250);
  });

  test.each([
    ['resnet18', [1, 3, 224]],
    ['vit_b_16', [1, 3, 225, 225]],
    ['maxvit_t', [1, 3, 200, 200]],
    ['inception_v3', [1, 3, 32, 32]],
  ])('%s refuses the input %j', (name, inputShape) => {
    expect(failure(() => buildModel(name, { inputShape })).code).toBe('E_SHAPE');
  });
});

test.each([
  [1, 224, 224, 3],
  [8, 160, 224, 1],
])('the input %i, %i, %i, %i has its channels last, which is refused', (...inputShape) => {
  const error = failure(() => buildModel('resnet18', { inputShape }));
  expect(error.code).toBe('E_SHAPE');
  expect(error.message).toMatch(/NCHW.*\[1, 3, 224, 224\]/);
});

describe('parametric builders', () => {
  test('a thinner, shallower ResNet', () => {
    const graph = resnet({ block: 'basic', layers: [1, 1, 1, 1], width: 16, classes: 10 });
    const convolutions = graph.nodes.filter((node) => node.op === 'conv');
    expect(convolutions).toHaveLength(12);
    expect(graph.tensor(convolutions.at(-1)!.outputs[0]!).shape).toEqual([1, 128, 7, 7]);
  });

  test('ShuffleNetV2 with larger kernels and other channels', () => {
    const graph = shufflenetV2({ channels: [16, 32, 64, 128, 256], repeats: [2, 2, 2], kernel: 5 });
    const kernels = graph.nodes.flatMap((node) =>
      node.op === 'dwconv' ? [node.attributes.kernelShape] : [],
    );
    expect(kernels).toHaveLength(9);
    expect(new Set(kernels.flat())).toEqual(new Set([5]));
  });

  test('a small vision transformer', () => {
    const graph = vit({
      patch: 8,
      layers: 2,
      heads: 2,
      hidden: 64,
      mlp: 128,
      inputShape: [1, 3, 32, 32],
    });
    const scores = graph.nodes.find((node) => node.op === 'softmax')!;
    expect(graph.tensor(scores.outputs[0]!).shape).toEqual([2, 17, 17]);
  });
});

describe('frontend', () => {
  test('reads a name, with one input shape', async () => {
    expect(frontend.format).toBe('torchvision');
    const graph = frontend.fromName!('resnet18', {
      inputShapes: { input: [1, 3, 160, 160] },
      name: 'mine',
    });
    expect(graph.name).toBe('mine');
    expect(graph.tensor('input').shape).toEqual([1, 3, 160, 160]);
    const same = frontend.fromName!('resnet18', { inputShapes: [1, 3, 160, 160] });
    expect(graphCost(same)).toEqual(graphCost(graph));
  });

  test('refuses files and several inputs', async () => {
    const source = await openModel(new Uint8Array(8));
    expect(failure(() => frontend.read(source, {})).code).toBe('E_INVALID_INPUT');
    const shape = [1, 3, 160, 160];
    for (const inputShapes of [{ x: shape }, { input: shape, x: shape }]) {
      const refused = failure(() => frontend.fromName!('resnet18', { inputShapes }));
      expect(refused.code).toBe('E_INVALID_INPUT');
      expect(refused.message).toMatch(/no input "x".*one input, "input"/);
    }
  });
});
