import { expect, test } from '@jest/globals';
import { type MeasuredModel, planModels, trainPlugin } from '@nnmeter/builder';
import { KNOWN } from './support/build.ts';
import { INVENTED_RULES, inventedLayers } from './support/invented-device.ts';

const measured: MeasuredModel[] = planModels({ seed: 5, count: 44 }).map((model) => {
  const layers = inventedLayers(model.graph());
  return { ...model, ms: layers.reduce((sum, { ms }) => sum + ms, 0.05), layers };
});
const training = { name: 'invented', rules: INVENTED_RULES, known: KNOWN };

test('a predictor is checked on networks that it did not see, beside the nearest device', () => {
  const trained = trainPlugin({ ...training, models: measured });
  const { accuracy, nearest, isCrossValidated, models, intervalCoverage } = trained.check;
  const networks = measured.filter(({ isKernel }) => !isKernel);
  expect(isCrossValidated).toBe(true);
  expect(new Set(models.map(({ id }) => id))).toEqual(new Set(networks.map(({ id }) => id)));
  expect(accuracy.count).toBe(networks.length);
  expect(accuracy.mape).toBeLessThanOrEqual(nearest!.accuracy.mape);
  expect(accuracy.within10).toBeGreaterThan(0.5);
  expect(intervalCoverage).toBeGreaterThanOrEqual(0.85);
  expect(trained.trainedWith).toBe(measured.length);
  expect(trained.weights.interval).not.toBeNull();
});

test('measurements of one model again and again are refused', () => {
  const network = measured.find(({ isKernel }) => !isKernel)!;
  const models = Array.from({ length: 10 }, (_, index) => ({ ...network, id: `again_${index}` }));
  expect(() => trainPlugin({ ...training, models })).toThrow(
    /10 measurements of 1 different networks say too little about a device; 8 are the least/,
  );
});

test.each([1000, 1 / 1000])('measurements in another unit, times %d, are refused', (factor) => {
  const models = measured.map((model) => ({ ...model, ms: model.ms * factor }));
  expect(() => trainPlugin({ ...training, models })).toThrow(
    /times those of \w+, the nearest known device, which no device is.*check the unit/,
  );
});

test('layers that mislead are not learned from', () => {
  const models = measured.map((model, index) => ({
    ...model,
    layers: inventedLayers(model.graph()).map((layer) => ({
      ...layer,
      ms: layer.ms * 30 ** (index % 2),
    })),
  }));
  const { accuracy, nearest } = trainPlugin({ ...training, models }).check;
  expect(accuracy.mape).toBeLessThanOrEqual(nearest!.accuracy.mape);
});
