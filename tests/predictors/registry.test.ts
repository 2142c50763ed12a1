import { describe, expect, test } from '@jest/globals';
import {
  listLatencyPredictors,
  loadLatencyPredictor,
  type PredictorDefinition,
  registerPredictor,
} from '@nnmeter/predictor';
import { renamed } from './support/definitions.ts';

const OFFICIAL = [
  'cortexA76cpu_tflite21',
  'adreno640gpu_tflite21',
  'adreno630gpu_tflite21',
  'myriadvpu_openvino2019r2',
];

describe('loading by name', () => {
  test.each([
    ['cortexA76cpu_tflite21', OFFICIAL[0]],
    ['CORTEXA76CPU_TFLITE21', OFFICIAL[0]],
    ['cortexa76', OFFICIAL[0]],
    ['Adreno640', OFFICIAL[1]],
    ['adreno630gpu', OFFICIAL[2]],
    ['myriad', OFFICIAL[3]],
  ])('%s is %s', async (name, expected) => {
    expect((await loadLatencyPredictor(name)).name).toBe(expected);
  });

  test('a predictor says what it is', async () => {
    const predictor = await loadLatencyPredictor('cortexA76cpu_tflite21');
    expect(predictor.version).toMatch(/^\d+\.\d+$/);
    expect(predictor.device).toMatchObject({ product: 'Google Pixel 4', kind: 'cpu' });
  });

  test('an unknown name is answered with the known ones and the nearest', async () => {
    await expect(loadLatencyPredictor('cortexa67')).rejects.toMatchObject({
      code: 'E_UNKNOWN_PREDICTOR',
      message: expect.stringMatching(/"cortexa67"; did you mean cortexA76\?/),
    });
    for (const name of OFFICIAL) {
      await expect(loadLatencyPredictor('toaster')).rejects.toThrow(name);
    }
  });

  test('the nearest is only named if it is near', async () => {
    await expect(loadLatencyPredictor('toaster')).rejects.not.toThrow(/did you mean/);
  });
});

describe('versions', () => {
  const versions = ['2.9', '2.10', '2.9.1'];
  for (const version of versions) registerPredictor(renamed('versioned', { version }));

  test('the latest wins', async () => {
    expect((await loadLatencyPredictor('versioned')).version).toBe('2.10');
  });

  test('a given version is found, whether written long or short', async () => {
    expect((await loadLatencyPredictor('versioned', '2.9')).version).toBe('2.9');
    expect((await loadLatencyPredictor('versioned', '2.9.0')).version).toBe('2.9');
  });

  test('a version that is not there is answered with those that are', async () => {
    await expect(loadLatencyPredictor('versioned', '1.0')).rejects.toMatchObject({
      code: 'E_UNKNOWN_PREDICTOR',
      message: expect.stringMatching(/"versioned" has no version "1.0".*2\.10, 2\.9\.1, 2\.9$/),
    });
  });
});

describe('registering', () => {
  test('the same predictor again does nothing', async () => {
    registerPredictor(renamed('twice'));
    registerPredictor(renamed('twice'));
    const found = (await listLatencyPredictors()).filter(({ name }) => name === 'twice');
    expect(found).toHaveLength(1);
  });

  test.each<[string, PredictorDefinition, PredictorDefinition]>([
    [
      'another predictor of the same name and version',
      renamed('mine'),
      renamed('MINE', { device: { ...renamed('').device, product: 'Other Phone' } }),
    ],
    ['an alias of another predictor', renamed('first', { aliases: ['shared'] }), renamed('shared')],
  ])('%s is refused, naming both', (_, first, second) => {
    registerPredictor(first);
    const message = new RegExp(
      `${first.name} .*${first.device.product}.*${second.name} .*${second.device.product}`,
    );
    expect(() => registerPredictor(second)).toThrow(message);
  });
});

test('the list names the published predictors first, then those of the program', async () => {
  registerPredictor(renamed('of-the-program'));
  const list = await listLatencyPredictors();
  expect(list.slice(0, 4).map(({ name }) => name)).toEqual(OFFICIAL);
  expect(list[0]).toMatchObject({
    aliases: expect.arrayContaining(['cortexA76']),
    device: { product: 'Google Pixel 4', framework: 'TensorFlow Lite 2.1' },
    accuracy: { within10: expect.any(Number) },
    installed: true,
    package: '@nnmeter/predictor-cortexa76',
  });
  expect(list.find(({ name }) => name === 'of-the-program')).toMatchObject({
    installed: true,
    package: null,
  });
});

test('a name that is no text is answered like an unknown one', async () => {
  for (const name of [undefined, null, 640]) {
    await expect(loadLatencyPredictor(name as unknown as string)).rejects.toMatchObject({
      code: 'E_UNKNOWN_PREDICTOR',
      message: expect.stringMatching(/known predictors: .*adreno640gpu_tflite21/),
    });
  }
});
