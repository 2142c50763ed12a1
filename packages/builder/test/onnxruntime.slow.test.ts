import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { planModels, rulesFromGraphs, type ShownGraph, toRunnable } from '@nnmeter/builder';
import { onnxRuntimeRunner } from '@nnmeter/runners';
import { sharedPath } from '../../../tests/support/shared.ts';
import { testIf } from '../../../tests/support/test-if.ts';

const truthFile = sharedPath('own-device/fusion-truth.json');
const project = fileURLToPath(new URL('..', import.meta.url));
const canRun = existsSync(truthFile) && hasRuntime();

function hasRuntime(): boolean {
  try {
    createRequire(import.meta.url).resolve('onnxruntime-node');
    return true;
  } catch {
    return false;
  }
}

/** Fused inside networks and not alone, or the other way round: a dense layer without a bias is a MatMul there. */
const DIFFERENT_IN_NETWORKS = ['add_relu', 'conv_add', 'conv_hswish', 'dwconv_hswish', 'fc_relu'];

testIf(canRun, 'no ONNX Runtime or no ../shared')(
  'the rules that ONNX Runtime shows are those that were read from its graphs of single pairs',
  async () => {
    const truth: Record<string, { ortFused: boolean }> = JSON.parse(
      readFileSync(truthFile, 'utf8'),
    );
    const runner = onnxRuntimeRunner({ project });
    const shown: ShownGraph[] = [];
    try {
      const plan = planModels({ seed: 1, count: 60 }).filter(({ isKernel }) => !isKernel);
      for (const model of plan.slice(0, 14)) {
        const graph = model.graph();
        const groups = await runner.fusedNodes!(toRunnable(model.id, graph, runner));
        shown.push({ graph, groups });
      }
    } finally {
      await runner.close();
    }
    const { rules, evidence } = rulesFromGraphs(shown, 'onnxruntime');
    const compared = evidence
      .map(({ rule, isFused }) => ({ pair: rule.slice(3), isFused }))
      .filter(({ pair }) => truth[pair] !== undefined && !DIFFERENT_IN_NETWORKS.includes(pair));
    expect(compared.length).toBeGreaterThanOrEqual(12);
    for (const { pair, isFused } of compared)
      expect({ pair, isFused }).toEqual({ pair, isFused: truth[pair]!.ortFused });
    expect(rules.fuse).toMatchObject({ BF_conv_add: true, BF_add_relu: true, BF_bn_relu: false });
  },
  240_000,
);
