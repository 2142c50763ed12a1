import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnxFile } from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import { buildDatasetModel, buildModel } from '@nnmeter/zoo';
import {
  type datasetFiles,
  hasShared,
  readDataset,
  sharedPath,
} from '../../../tests/support/shared.ts';
import { cpu, gpu, vpu } from './support/rules.ts';

function census(graph: Graph, rules: FusionRules): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of detectKernels(graph, rules)) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** Where the networks come from: the zoo rebuilds those of torchvision and of the benchmark node for node. */
interface Origin {
  readonly exported: (name: string) => Promise<Graph>;
  readonly measured: (family: string) => Promise<Graph>;
}
const zoo: Origin = {
  exported: async (name) => buildModel(name),
  measured: async (family) => buildDatasetModel(family),
};
const files: Origin = {
  exported: (name) => readOnnxFile(sharedPath(`models/onnx/${name}.onnx`)),
  async measured(family) {
    const file = family.replace(/(?<=v3)large$/, '') as (typeof datasetFiles)[number];
    const [first] = await readDataset(file, 1, (id) => id === `${family}_0`);
    return readNnMeterIr(first!.graph);
  },
};

const fixture = (name: string) =>
  readOnnxFile(fileURLToPath(new URL(`../../../fixtures/onnx/${name}.onnx`, import.meta.url)));

describe('networks exported by PyTorch', () => {
  test('mobilenet_v2, on the CPU and on a GPU', async () => {
    const graph = await fixture('mobilenet_v2');
    const convolutions = { 'conv-relu': 18, 'dwconv-relu': 17 };
    expect(census(graph, cpu)).toEqual({ ...convolutions, conv: 17, add: 10, gap: 1, fc: 1 });
    expect(census(graph, gpu)).toEqual({
      ...convolutions,
      conv: 7,
      'conv-add': 10,
      gap: 1,
      fc: 1,
    });
  });

  test('squeeze and excitation, hard swish and channel shuffle', async () => {
    expect(census(await fixture('mobilenet_v3_small'), cpu)).toMatchObject({ se: 9, hswish: 19 });
    expect(census(await fixture('shufflenet_v2_x0_5'), cpu)).toMatchObject({
      channelshuffle: 16,
      split: 13,
    });
  });

  test('transformers of two blocks', async () => {
    const blocks = { attention: 2, gelu: 2 };
    expect(census(await fixture('tiny_vit'), cpu)).toMatchObject({ ...blocks, layernorm: 4 });
    expect(census(await fixture('tiny_swin'), cpu)).toMatchObject({ ...blocks, layernorm: 6 });
    expect(census(await fixture('tiny_maxvit'), cpu)).toMatchObject({
      se: 2,
      attention: 4,
      layernorm: 9,
    });
    expect(census(await fixture('tiny_convnext'), cpu)).toMatchObject({ gelu: 2, layernorm: 5 });
  });

  test('quantise and dequantise nodes are kernels of their own', async () => {
    expect(census(await fixture('qdq'), cpu)).toEqual({
      quantize: 3,
      dequantize: 3,
      'conv-relu': 1,
      gap: 1,
      reshape: 1,
      fc: 1,
    });
  });
});

// Expected counts follow from the papers' block tables.
const origins = { 'as the zoo builds them': zoo, ...(hasShared && { 'in files': files }) };
describe.each(Object.entries(origins))('real networks %s', (_, { exported, measured }) => {
  test('mobilenet_v3_large: ONNX and benchmark have the same blocks', async () => {
    const network = census(await exported('mobilenet_v3_large'), cpu);
    expect(network).toMatchObject({ se: 8, hswish: 21, fc: 2, gap: 1, add: 10 });
    const benchmark = census(await measured('mobilenetv3large'), cpu);
    expect(benchmark).toMatchObject({ 'se-relu': 3, se: 5, hswish: 20, fc: 1, gap: 1, add: 10 });
    expect(benchmark).not.toHaveProperty('mul');
    expect(network).not.toHaveProperty('mul');
  });

  test('mobilenetv3: only the VPU computes hswish with the convolution', async () => {
    const graph = await measured('mobilenetv3large');
    expect(census(graph, gpu)).toMatchObject({ hswish: 20, 'conv-bn-add': 10 });
    expect(census(graph, vpu)).toMatchObject({
      hswish: 5,
      'conv-bn-hswish': 11,
      'dwconv-bn-hswish': 4,
    });
  });

  test('shufflenet_v2: both routes shuffle 16 times and split 13 times', async () => {
    for (const graph of [await exported('shufflenet_v2_x1_0'), await measured('shufflenetv2')]) {
      expect(census(graph, cpu)).toMatchObject({ channelshuffle: 16, split: 13, concat: 16 });
      expect(census(graph, cpu)).not.toHaveProperty('reshape');
    }
  });

  test('efficientnet_b0, regnet_y_400mf, convnext_small', async () => {
    expect(census(await exported('efficientnet_b0'), cpu)).toEqual({
      conv: 33,
      dwconv: 16,
      swish: 33,
      se: 16,
      add: 9,
      gap: 1,
      fc: 1,
    });
    expect(census(await exported('regnet_y_400mf'), cpu)).toMatchObject({ se: 16, 'add-relu': 16 });
    expect(census(await exported('convnext_small'), cpu)).toMatchObject({
      layernorm: 41,
      gelu: 36,
      dwconv: 36,
      fc: 73,
    });
  });

  test('mnasnet of the benchmark has 8 se', async () => {
    expect(census(await measured('mnasnet'), cpu)).toMatchObject({ 'se-relu': 8, gap: 1 });
  });
});
