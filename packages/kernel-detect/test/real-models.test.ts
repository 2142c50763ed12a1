import { describe, expect, test } from '@jest/globals';
import { frontend } from '@nnmeter/frontend-onnx';
import { type Graph, readNnMeterIr } from '@nnmeter/ir';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import { cpu, gpu, vpu } from './support/rules.ts';
import { benchGraphs, hasShared, sharedPath } from './support/shared.ts';

function census(graph: Graph, rules: FusionRules): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of detectKernels(graph, rules)) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

const onnx = (name: string) => frontend.fileToGraph(sharedPath(`models/onnx/${name}.onnx`));

async function bench(family: string): Promise<Graph> {
  const [graph] = (await benchGraphs(family, () => true, 1)).values();
  return readNnMeterIr(graph);
}

const sharedTest = hasShared ? test : test.skip;

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
