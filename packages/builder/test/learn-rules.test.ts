import { expect, test } from '@jest/globals';
import { planModels, rulesFromGraphs, rulesFromTimes } from '@nnmeter/builder';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import cortexA76 from '@nnmeter/predictor-cortexa76';

const networks = planModels({ seed: 1, count: 40 }).filter(({ isKernel }) => !isKernel);

/** What a runtime with these rules shows of its graphs. */
function learn(rules: FusionRules) {
  const shown = networks.map((model) => {
    const graph = model.graph();
    const groups = detectKernels(graph, rules).map(({ type, nodes }) => ({
      op: type,
      nodes: nodes.map(({ name }) => name),
    }));
    return { graph, groups };
  });
  return rulesFromGraphs(shown, 'a runtime');
}

test.each([
  ['few', { fuse: { BF_conv_bn: true, BF_conv_relu: true } }],
  ['as TensorFlow Lite on a phone', cortexA76.fusionRules],
  [
    'with adds of branches',
    {
      fuse: {
        BF_conv_bn: true,
        BF_conv_add: true,
        BF_conv_relu: true,
        BF_add_relu: true,
        BF_dwconv_bn: true,
        BF_dwconv_relu: true,
        BF_conv_hswish: true,
      },
    },
  ],
] as const)('rules that %s fuse are found in graphs, and give the same kernels', (_, rules) => {
  const { rules: learned } = learn(rules);
  let kernels = 0;
  let same = 0;
  for (const model of networks) {
    const graph = model.graph();
    const typesBy = (each: FusionRules): string[] =>
      detectKernels(graph, each).map(
        ({ type, nodes }) => `${type} ${nodes.map(({ name }) => name)}`,
      );
    const found = new Set(typesBy(learned));
    for (const kernel of typesBy(rules)) {
      kernels++;
      if (found.has(kernel)) same++;
    }
  }
  expect(same / kernels).toBeGreaterThan(0.98);
});

test('what the runtime does both ways is marked as uncertain', () => {
  const fused = learn({ fuse: { BF_conv_relu: true } });
  expect(fused.evidence.find(({ rule }) => rule === 'BF_conv_relu')).toMatchObject({
    isFused: true,
    from: 'graph',
    isUncertain: false,
    why: expect.stringMatching(/^fused \d+ times, apart 0 times/),
  });
  expect(fused.rules.fuse.BF_dwconv_relu).toBe(false);
  expect(fused.rules.fuse.BF_bn_relu).toBe(false);
});

test('a runtime that shows two products as one says nothing of them', () => {
  const [model] = networks;
  const graph = model!.graph();
  const nodes = graph.nodes.map(({ name }) => name);
  const { rules } = rulesFromGraphs([{ graph, groups: [{ op: 'all', nodes }] }], 'a runtime');
  expect(rules.fuse).toEqual({});
});

test('pair timing: the saved share decides, the rest is assumed, and all of it is uncertain', () => {
  const times = new Map([
    [
      'BF_conv_relu',
      { first: [1, 1.01], second: [0.2, 0.21], both: [1.01, 1.02], nothing: [0.05] },
    ],
    ['BF_add_relu', { first: [0.3], second: [0.2], both: [0.49, 0.5], nothing: [0.01] }],
  ]);
  const { rules, evidence } = rulesFromTimes(times, { fuse: { BF_fc_relu: true } });
  expect(rules.fuse).toEqual({ BF_add_relu: false, BF_conv_relu: true, BF_fc_relu: true });
  for (const { isUncertain } of evidence) expect(isUncertain).toBe(true);
  expect(evidence.find(({ rule }) => rule === 'BF_conv_relu')!.why).toMatch(/93 % ± \d+ %/);
  expect(rules.because!.map(({ rules: [rule] }) => rule)).toContain('BF_fc_relu');
});
