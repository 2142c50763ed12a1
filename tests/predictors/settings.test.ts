import { describe, expect, test } from '@jest/globals';
import {
  type Calibration,
  calibratePredictor,
  createPredictor,
  fitCalibration,
  inSetting,
  type PredictorDefinition,
} from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';

const unseen = { ...cortexA76.manifest.heldOut, within10: 0.77 };
const learned = {
  networks: 84,
  unseen,
  unseenFamilies: {},
  intervalCoverage: { unseenFamilies: 0.91, crossChecked: 0.9 },
};
const interval = {
  level: 0.9,
  known: [{ perKernelMs: 0.1, width: 0.3 }],
  novel: 0,
  estimated: 1,
};
const adaptation = { scale: 0.5, startup: 1, kinds: {}, interval };
const definition: PredictorDefinition = {
  ...cortexA76,
  name: 'learnedcpu_tflite',
  aliases: [],
  accuracy: 'experimental',
  settings: [
    { precision: 'float32', cores: '1 large', adaptation, learned },
    {
      precision: 'int8',
      cores: '4 little',
      adaptation: { ...adaptation, scale: 0.25 },
      learned: { ...learned, unseen: { ...unseen, within10: 0.5 } },
    },
  ],
};
const graph = buildModel('squeezenet1_1');

describe('a device that was measured in several settings', () => {
  test('is predicted in the first, or in the one asked for', () => {
    const known = createPredictor(cortexA76).totalMs(graph);
    expect(createPredictor(definition).totalMs(graph)).toBeCloseTo(0.5 * known, 9);
    const int8 = createPredictor(inSetting(definition, { precision: 'int8' }));
    expect(int8.totalMs(graph)).toBeCloseTo(0.25 * known, 9);
    expect(int8.device.precision).toBe('int8, 4 little');
    expect(int8.manifest?.heldOut.within10).toBe(0.5);
    expect(createPredictor(inSetting(definition, { cores: '4 little' })).device).toEqual(
      int8.device,
    );
  });

  test('says what it is worth, and that a float32 model is taken as quantised', () => {
    expect(createPredictor(definition).predictGraph(graph).warnings).toEqual([
      'learnedcpu_tflite is experimental: learned from 84 networks; of networks of unseen families 77 % were predicted within 10 %',
    ]);
    const { warnings } = createPredictor(inSetting(definition, { precision: 'int8' })).predictGraph(
      graph,
    );
    expect(warnings).toEqual([
      expect.stringContaining('50 % were predicted within 10 %'),
      'the latency is that of the model quantised to int8 as a whole',
    ]);
  });

  test('has an interval of its own', () => {
    const { interval, latencyMs } = createPredictor(definition).predictGraph(graph);
    expect(interval!.high / latencyMs).toBeCloseTo(1.3, 9);
    expect(latencyMs / interval!.low).toBeCloseTo(1.3, 9);
  });

  test('is calibrated in one, and the calibration is refused in another', () => {
    const first = createPredictor(definition);
    const int8 = createPredictor(inSetting(definition, { precision: 'int8' }));
    const measurements = [{ graph, latencyMs: 3 * int8.totalMs(graph) }];
    const calibration = fitCalibration(int8, measurements);
    expect(calibration.setting).toEqual({ precision: 'int8', cores: '4 little' });
    const stored: Calibration = JSON.parse(JSON.stringify(calibration));
    const calibrated = calibratePredictor(int8, stored);
    expect(calibrated.totalMs(graph)).toBeCloseTo(3 * int8.totalMs(graph), 9);
    expect(calibrated.setting).toEqual(int8.setting);
    const refusal = (said: string) =>
      expect.objectContaining({ code: 'E_MEASUREMENTS', message: expect.stringContaining(said) });
    expect(() => calibratePredictor(first, stored)).toThrow(
      refusal('in "int8, 4 little", not in "float32, 1 large"'),
    );

    const { setting, ...older } = fitCalibration(first, measurements);
    expect(setting).toEqual({ precision: 'float32', cores: '1 large' });
    expect(calibratePredictor(first, older).totalMs(graph)).toBeCloseTo(
      measurements[0]!.latencyMs,
      9,
    );
    expect(() => calibratePredictor(int8, older)).toThrow(
      refusal('in its first setting, not in "int8, 4 little"'),
    );

    const known = createPredictor(cortexA76);
    const ofKnown = fitCalibration(known, measurements);
    expect(ofKnown).not.toHaveProperty('setting');
    expect(() => calibratePredictor(known, { ...ofKnown, setting: { precision: 'int8' } })).toThrow(
      refusal('in "int8", not in its first setting'),
    );
    const damaged = { ...ofKnown, setting: { precision: 8 } } as never;
    expect(() => calibratePredictor(known, damaged)).toThrow(refusal('not a calibration'));
  });

  test.each([
    [
      definition,
      { precision: 'int4' },
      /no "int4": it was measured in "float32, 1 large", "int8, 4 little"/,
    ],
    [definition, { precision: 'int8', cores: '1 large' }, /no "int8, 1 large"/],
    [cortexA76, { precision: 'int8' }, /it was measured in one setting only/],
  ])('a setting that was not measured is one error', (of, setting, message) => {
    expect(() => inSetting(of, setting)).toThrow(message);
  });
});
