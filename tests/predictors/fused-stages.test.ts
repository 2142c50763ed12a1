import { describe, expect, test } from '@jest/globals';
import { type Graph, GraphBuilder, type ShapedTensor } from '@nnmeter/ir';
import { createPredictor, type PredictorDefinition } from '@nnmeter/predictor';
import adreno630 from '@nnmeter/predictor-adreno630';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriad from '@nnmeter/predictor-myriadvpu';
import fc from 'fast-check';

type Part = (builder: GraphBuilder, x: ShapedTensor) => ShapedTensor;

const unary = (op: Parameters<GraphBuilder['unary']>[0]): Part => {
  return (builder, x) => builder.unary(op, x);
};

/** What may end up fused, by the name of the stage. */
const STAGES: Readonly<Record<string, Part>> = {
  relu: unary('relu'),
  ...Object.fromEntries(
    (
      [
        ...(['sigmoid', 'hardsigmoid', 'hswish', 'swish', 'gelu', 'mish', 'tanh'] as const),
        ...(['leakyrelu', 'elu', 'selu', 'softplus', 'erf', 'exp', 'log', 'sqrt'] as const),
        ...(['rsqrt', 'reciprocal', 'square', 'neg', 'abs'] as const),
      ] as const
    ).map((op) => [op, unary(op)]),
  ),
  softmax: (builder, x) => builder.softmax(x),
  add: (builder, x) => builder.add(x, builder.input('other', x.shape, x.layout)),
  mul: (builder, x) => builder.mul(x, builder.input('other', x.shape, x.layout)),
  sub: (builder, x) => builder.sub(x, builder.input('other', x.shape, x.layout)),
  concat: (builder, x) => builder.concat([x, builder.input('other', x.shape, x.layout)]),
  maxpool: (builder, x) => builder.maxpool(x, 2, { stride: 2 }),
  gap: (builder, x) => builder.gap(x),
  reducemean: (builder, x) => builder.mean(x, [1]),
  conv: (builder, x) => builder.conv(x, 16, { kernel: 1 }),
  dwconv: (builder, x) => builder.dwconv(x, { kernel: 3, padding: 1 }),
};

/** What they may be fused to. */
const ROOTS: Readonly<Record<string, Part>> = {
  conv: (builder, x) => builder.conv(x, 24, { kernel: 3, padding: 1, bias: false }),
  dwconv: (builder, x) => builder.dwconv(x, { kernel: 3, padding: 1, bias: false }),
  maxpool: (builder, x) => builder.maxpool(x, 3, { stride: 2, padding: 1 }),
  add: (builder, x) => builder.add(x, x),
};

/** Stages that the devices were measured with, as far as the benchmark has them. */
const DEVICES: readonly (readonly [PredictorDefinition, readonly string[]])[] = [
  [cortexA76, ['relu']],
  [adreno630, ['relu', 'add']],
  [adreno640, ['relu', 'add']],
  [myriad, ['relu', 'add', 'hswish']],
];

function network(side: number, channels: number, parts: readonly Part[]): Graph {
  const builder = new GraphBuilder('fused');
  let x = builder.input('image', [1, channels, side, side]);
  for (const part of parts) x = part(builder, x);
  return builder.build(x);
}

describe.each(DEVICES.map((each) => [each[0].name, ...each] as const))(
  '%s',
  (_, device, measured) => {
    const fuse = Object.fromEntries(
      Object.keys(STAGES).flatMap((stage) =>
        [...Object.keys(ROOTS), 'relu'].map((root) => [`BF_${root}_${stage}`, true]),
      ),
    );
    const { fuse: own } = device.fusionRules;
    const predictor = createPredictor({ ...device, fusionRules: { fuse: { ...own, ...fuse } } });
    const unmeasured = Object.keys(STAGES).filter((stage) => !measured.includes(stage));

    test.each(unmeasured)('a fused %s, never measured, makes every kernel dearer', (stage) => {
      fc.assert(
        fc.property(
          fc.constantFrom(...Object.keys(ROOTS)),
          fc.boolean(),
          fc.constantFrom(7, 14, 28, 56, 61),
          fc.integer({ min: 2, max: 200 }),
          (root, withRelu, side, channels) => {
            const parts = [ROOTS[root]!, ...(withRelu ? [unary('relu')] : [])];
            const without = predictor.predictGraph(network(side, channels, parts));
            if (without.kernels.length > 1) return;
            const fused = predictor.predictGraph(
              network(side, channels, [...parts, STAGES[stage]!]),
            );
            expect(fused.kernels).toHaveLength(1);
            const [kernel] = fused.kernels;
            expect(kernel!.type).toBe(`${without.kernels[0]!.type}-${stage}`);
            expect(kernel!.latencyMs).toBeGreaterThan(without.kernels[0]!.latencyMs);
            expect(kernel!.basis).toBe('estimated');
            expect(fused.coverage.nodes).toBeLessThan(1);
            expect(fused.warnings.join()).toContain(`hence estimated: ${stage} in ${kernel!.type}`);
          },
        ),
        { numRuns: 8 },
      );
    });

    test.each(measured)('a fused %s is measured', (stage) => {
      const [kernel] = predictor.predictGraph(
        network(28, 64, [ROOTS.conv!, STAGES[stage]!]),
      ).kernels;
      expect(kernel).toMatchObject({ type: `conv-${stage}`, basis: 'measured' });
    });
  },
);

test('hswish costs the same in all its spellings, alone or fused', () => {
  const spelled: Part = (builder, x) => builder.mul(x, builder.unary('hardsigmoid', x));
  const relu6: Part = (builder, x) =>
    builder.mul(builder.mul(x, builder.relu6(builder.add(x, 3))), 1 / 6);
  for (const [device] of DEVICES) {
    const predictor = createPredictor(device);
    for (const before of [[], [ROOTS.conv!]]) {
      const [op, ...others] = [STAGES.hswish!, spelled, relu6].map(
        (part) => predictor.predictGraph(network(28, 64, [...before, part])).latencyMs,
      );
      expect(others).toEqual([op, op]);
    }
  }
});
