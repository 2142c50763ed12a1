import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hashOf } from '@nnmeter/dataset';
import { decodeWeights } from '@nnmeter/latency-model';
import { createPredictor } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import {
  calibrateInterval,
  coverage,
  KernelCollector,
  predictAll,
  type Residuals,
} from '@nnmeter/training';
import { buildModel } from '@nnmeter/zoo';

/** Between 0 and 1, uniform. */
function random(index: number, purpose: number): number {
  return (hashOf(`model ${index}`, purpose) + 0.5) / 2 ** 32;
}

/** Normal, by Box and Muller. */
function gauss(index: number): number {
  return Math.sqrt(-2 * Math.log(random(index, 1))) * Math.cos(2 * Math.PI * random(index, 2));
}

/**
 * Models of ten kernels that take 0.1 to 10 ms each, twice as uncertain where they take ten times as long; families are
 * off by what is new in them, one up, the next down.
 */
const COUNT = 13_000;
const FAMILIES = 12;
const familyOf = (model: number): number => model % FAMILIES;
const perKernel = Float64Array.from(
  { length: COUNT },
  (_, model) => 10 ** (2 * random(model, 3) - 1),
);
const scatter = perKernel.map((ms) => 0.02 * 2 ** Math.log10(ms));
const known = perKernel.map((ms, model) => 10 * ms * Math.exp(scatter[model]! * gauss(model)));
const share = perKernel.map((_, model) => 0.05 + 0.9 * random(familyOf(model), 4));
const shifted = known.map(
  (ms, model) =>
    ms * Math.exp((familyOf(model) % 2 === 0 ? 0.08 : -0.08) * Math.sqrt(share[model]!)),
);

const residualsOf = (isNovel: boolean, isIn: (model: number) => boolean): Residuals => ({
  totals: {
    predicted: perKernel.map((ms) => 10 * ms),
    kernels: new Float64Array(COUNT).fill(10),
    novelMs: perKernel.map((ms, model) => (isNovel ? 10 * ms * share[model]! : 0)),
    estimatedMs: new Float64Array(COUNT),
  },
  models: [...perKernel.keys()].filter(isIn),
});
const isFirst = (model: number): boolean => model < 3000;

describe('intervals of known models', () => {
  const widths = calibrateInterval(known, [residualsOf(false, isFirst)]);

  test('hold nine in ten of models that had no part in them, whatever their size', () => {
    for (const [least, most] of [
      [0.1, 0.3],
      [0.3, 1],
      [1, 3],
      [3, 10],
    ] as const) {
      const isCounted = (model: number): boolean =>
        !isFirst(model) && perKernel[model]! >= least && perKernel[model]! < most;
      const held = coverage(known, residualsOf(false, isCounted), widths);
      expect(held).toBeGreaterThan(0.88);
      expect(held).toBeLessThan(0.92);
    }
  });

  test('are as wide as the scatter says', () => {
    // 1.645 standard deviations to both sides hold 90 %.
    for (const { perKernelMs, width } of widths.known.slice(1, -1)) {
      const expected = 1.645 * 0.02 * 2 ** Math.log10(perKernelMs);
      expect(width / expected).toBeGreaterThan(0.8);
      expect(width / expected).toBeLessThan(1.25);
    }
    expect(widths.known).toHaveLength(12);
  });

  test('have one width where models are few, that of all but the worst', () => {
    const few = calibrateInterval(known, [residualsOf(false, (model) => model < 20)]);
    expect(few.known).toHaveLength(1);
    expect(
      coverage(
        known,
        residualsOf(false, (model) => model < 20),
        few,
      ),
    ).toBe(0.95);
  });

  test('do not grow with what is new where no family was left out', () => {
    expect(widths.novel).toBe(0);
  });
});

describe('intervals of unseen families', () => {
  const heldOut = [residualsOf(false, (model) => model < 1000)];
  const measured = known.map((ms, model) => (isFirst(model) ? ms : shifted[model]!));
  const families = Array.from({ length: FAMILIES }, (_, family) =>
    residualsOf(true, (model) => !isFirst(model) && familyOf(model) === family),
  );
  const chosen = families.filter((_, family) => family < 8);
  const others = families.filter((_, family) => family >= 8);
  const widths = calibrateInterval(measured, heldOut, chosen);

  test('hold nine in ten of families that had no part in them', () => {
    const shares = others.map((family) => coverage(measured, family, widths));
    const mean = shares.reduce((sum, each) => sum + each, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.85);
    expect(mean).toBeLessThan(0.97);
  });

  test('leave those of known models as they are', () => {
    expect(widths.known).toEqual(calibrateInterval(measured, heldOut).known);
  });

  test('give each family the same say, however many its models', () => {
    const small = families.map((family, index) =>
      index % 2 === 0 ? family : { ...family, models: family.models.slice(0, 100) },
    );
    const { novel } = calibrateInterval(measured, heldOut, small);
    expect(novel / calibrateInterval(measured, heldOut, families).novel).toBeCloseTo(1, 1);
  });
});

test('the trainer counts as inside what the predictor says is', () => {
  const graphs = ['mobilenet_v3_small', 'resnext50_32x4d', 'convnext_tiny', 'vgg16'].map(
    (network) => buildModel(network, { inputShape: [1, 3, 96, 96] }),
  );
  const file = join(import.meta.dirname, '../../../predictors/cortexa76/weights.bin');
  const weights = decodeWeights(readFileSync(file));
  const collector = new KernelCollector(cortexA76.fusionRules, weights.terms);
  for (const graph of graphs) collector.add(graph);
  const set = collector.finish();
  const device = { name: 'device', terms: weights.terms, rules: cortexA76.fusionRules };
  const predictor = createPredictor(cortexA76);
  for (const [model, graph] of graphs.entries()) {
    const { low, high } = predictor.predictGraph(graph).interval!;
    const isInside = (ms: number): boolean => {
      const measured = new Float64Array(graphs.length).fill(ms);
      const totals = predictAll({ device, set, measured }, weights);
      return coverage(measured, { totals, models: [model] }, weights.interval!) === 1;
    };
    expect([low * 0.999, low * 1.001, high * 0.999, high * 1.001].map(isInside)).toEqual([
      ...[false, true, true, false],
    ]);
  }
});
