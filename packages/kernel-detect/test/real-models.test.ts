import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { frontend } from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import { readBench, sharedPath, sharedTest } from '../../../tests/support/shared.ts';
import { cpu, gpu, vpu } from './support/rules.ts';

function census(graph: Graph, rules: FusionRules): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of detectKernels(graph, rules)) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

const onnx = (name: string) => frontend.fileToGraph(sharedPath(`models/onnx/${name}.onnx`));

async function bench(family: string): Promise<Graph> {
  const [first] = await readBench(family, 1);
  return readNnMeterIr(first!.graph);
}

const fixture = (name: string) =>
  frontend.fileToGraph(
    fileURLToPath(new URL(`../../../fixtures/onnx/${name}.onnx`, import.meta.url)),
  );

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
describe('real networks', () => {
  sharedTest('mobilenet_v3_large: ONNX and benchmark have the same blocks', async () => {
    const exported = census(await onnx('mobilenet_v3_large'), cpu);
    expect(exported).toMatchObject({ se: 8, hswish: 21, fc: 2, gap: 1, add: 10 });
    const measured = census(await bench('mobilenetv3'), cpu);
    expect(measured).toMatchObject({ 'se-relu': 3, se: 5, hswish: 20, fc: 1, gap: 1, add: 10 });
    expect(measured).not.toHaveProperty('mul');
    expect(exported).not.toHaveProperty('mul');
  });

  sharedTest('mobilenetv3: only the VPU computes hswish with the convolution', async () => {
    const graph = await bench('mobilenetv3');
    expect(census(graph, gpu)).toMatchObject({ hswish: 20, 'conv-bn-add': 10 });
    expect(census(graph, vpu)).toMatchObject({
      hswish: 5,
      'conv-bn-hswish': 11,
      'dwconv-bn-hswish': 4,
    });
  });

  sharedTest('shufflenet_v2: both routes shuffle 16 times and split 13 times', async () => {
    for (const graph of [await onnx('shufflenet_v2_x1_0'), await bench('shufflenetv2')]) {
      expect(census(graph, cpu)).toMatchObject({ channelshuffle: 16, split: 13, concat: 16 });
      expect(census(graph, cpu)).not.toHaveProperty('reshape');
    }
  });

  sharedTest('efficientnet_b0, regnet_y_400mf, convnext_small', async () => {
    expect(census(await onnx('efficientnet_b0'), cpu)).toEqual({
      conv: 33,
      dwconv: 16,
      swish: 33,
      se: 16,
      add: 9,
      gap: 1,
      fc: 1,
    });
    expect(census(await onnx('regnet_y_400mf'), cpu)).toMatchObject({ se: 16, 'add-relu': 16 });
    expect(census(await onnx('convnext_small'), cpu)).toMatchObject({
      layernorm: 41,
      gelu: 36,
      dwconv: 36,
      fc: 73,
    });
  });

  sharedTest('mnasnet of the benchmark has 8 se', async () => {
    expect(census(await bench('mnasnet'), cpu)).toMatchObject({ 'se-relu': 8, gap: 1 });
  });
});
