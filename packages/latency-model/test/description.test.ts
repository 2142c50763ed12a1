import { expect, test } from '@jest/globals';
import { createGraph, GraphBuilder, type Node } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import {
  decodeLatencyModel,
  decodeWeights,
  describeKernel,
  descriptionKey,
  encodeWeights,
  KERNEL_KINDS,
  type KernelDescription,
  type KernelKind,
  KernelModel,
  KIND,
} from '@nnmeter/latency-model';
import { createPredictor } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriadVpu from '@nnmeter/predictor-myriadvpu';
import { buildModel } from '@nnmeter/zoo';

const [kernel] = createPredictor(cortexA76).describeKernels(buildModel('mobilenet_v2'));
const fields = Object.keys(kernel!) as Exclude<keyof KernelDescription, 'beside'>[];

test.each(fields)('descriptions that differ in %s alone are told apart', (field) => {
  const other = { ...kernel!, [field]: kernel![field] + 1 };
  const model = decodeLatencyModel(Buffer.from(cortexA76.weights, 'base64'));
  expect(model.predictDescribed(kernel!).description).toEqual(kernel);
  expect(model.predictDescribed(other).description).toEqual(other);
  expect(descriptionKey(other)).not.toBe(descriptionKey(kernel!));
});

test('a fused stage counts as measured if the training data had it, or the terms know it', () => {
  const weights = decodeWeights(Buffer.from(cortexA76.weights, 'base64'));
  const fused = (kind: KernelKind) => ({ ...kernel!, fusedKinds: 1 << KIND[kind] });
  const known = new KernelModel(weights);
  expect(known.isMeasured(fused('relu'))).toBe(true);
  expect(known.isMeasured(fused('hswish'))).toBe(false);
  const measuredFused = Uint8Array.from(KERNEL_KINDS, (kind) => (kind === 'hswish' ? 1 : 0));
  const trained = decodeWeights(encodeWeights({ ...weights, measuredFused }));
  expect(new KernelModel(trained).isMeasured(fused('hswish'))).toBe(true);
  expect(new KernelModel(trained).isMeasured(fused('add'))).toBe(false);
});

test.each([
  ['a stride of 0', { strides: [0, 0] }],
  ['a window of nothing', { kernelShape: [0, 3] }],
  ['no groups', { group: 0 }],
])('a convolution with %s is impossible', (_, damage) => {
  const b = new GraphBuilder('damaged');
  const whole = b.build(b.conv(b.input('x', [1, 8, 16, 16]), 8, { kernel: 3, padding: 1 }));
  const nodes = whole.nodes.map(
    (node) => ({ ...node, attributes: { ...node.attributes, ...damage } }) as Node,
  );
  const graph = createGraph({ ...whole, nodes, tensors: whole.tensors.values() });
  const kernels = detectKernels(graph, { fuse: {} });
  expect(() => describeKernel(kernels[0]!, graph)).toThrow(
    expect.objectContaining({
      code: 'E_INVALID_GRAPH',
      message: expect.stringMatching(/at least 1/),
    }),
  );
});

test('what an addition follows does not matter to it', () => {
  const after = (before: 'conv' | 'bn' | 'add') => {
    const b = new GraphBuilder(before);
    const x = b.input('x', [1, 8, 16, 16]);
    const other = b.conv(x, 8);
    const y = { conv: () => b.conv(x, 8), bn: () => b.bn(x), add: () => b.add(x, other) };
    const graph = b.build(b.relu(b.add(other, y[before]())));
    const kernels = detectKernels(graph, { fuse: {} });
    return descriptionKey(describeKernel(kernels.at(-2)!, graph));
  };
  expect(after('bn')).toBe(after('conv'));
  expect(after('add')).toBe(after('conv'));
});

test('what trees correct and what they do not is the latency without trees', () => {
  const weights = decodeWeights(Buffer.from(myriadVpu.weights, 'base64'));
  const plain = new KernelModel({ ...weights, forest: null });
  const trees = new KernelModel(weights);
  const predictor = createPredictor(myriadVpu);
  let corrected = 0;
  for (const network of ['mobilenet_v3_small', 'shufflenet_v2_x0_5', 'vit_b_16', 'alexnet']) {
    for (const description of predictor.describeKernels(buildModel(network))) {
      const { fixedMs, correctedMs } = trees.parts(description);
      expect(fixedMs + correctedMs).toBe(plain.latency(description));
      if (correctedMs === 0) expect(trees.latency(description)).toBe(fixedMs);
      else corrected++;
    }
  }
  expect(corrected).toBeGreaterThan(0);
});
