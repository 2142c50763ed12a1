import { describe, expect, test } from '@jest/globals';
import { KIND } from '@nnmeter/latency-model';
import { estimatePhysics, squareKernel, trainDevice } from '@nnmeter/training';
import { INVENTED, measureZoo } from './support/invented-device.ts';
import { accuracy } from './support/scaled-device.ts';

const models = measureZoo();

describe('estimated limits', () => {
  test('are beyond what the device can do, and within reach of it', () => {
    const { launchMs, macsPerMs, bytesPerMs } = estimatePhysics(models, 4);
    expect(launchMs).toBeLessThan(INVENTED.launchMs);
    expect(launchMs).toBeGreaterThan(INVENTED.launchMs / 1000);
    expect(macsPerMs).toBeGreaterThan(INVENTED.macsPerMs);
    expect(macsPerMs).toBeLessThan(10 * INVENTED.macsPerMs);
    expect(bytesPerMs).toBeGreaterThan(INVENTED.bytesPerMs);
    expect(bytesPerMs).toBeLessThan(100 * INVENTED.bytesPerMs);
  });

  test('scale with the device', () => {
    const slow = estimatePhysics(models, 4);
    const fast = estimatePhysics({ ...models, measured: models.measured.map((ms) => ms / 16) }, 4);
    expect(fast).toEqual({
      launchMs: slow.launchMs / 16,
      macsPerMs: slow.macsPerMs * 16,
      bytesPerMs: slow.bytesPerMs * 16,
      bytesPerElement: 4,
    });
  });

  test('do not look at models without weight, and do at kernels measured alone', () => {
    const slow = estimatePhysics(models, 4);
    const spoiled = models.measured.with(0, 1e-6);
    const weight = new Float64Array(spoiled.length).fill(1).with(0, 0);
    const { macsPerMs } = estimatePhysics({ ...models, measured: spoiled, weight }, 4);
    expect(macsPerMs).toBeLessThanOrEqual(slow.macsPerMs);
    const kernel = squareKernel(KIND.relu, { side: 28, channels: 16 });
    const anchors = [{ name: 'relu', kernel, ms: INVENTED.launchMs / 5, weight: 3 }];
    expect(estimatePhysics({ ...models, anchors }, 4).launchMs).toBeLessThan(slow.launchMs);
  });

  test('need a model that multiplies', () => {
    const set = {
      ...models.set,
      kernels: models.set.kernels.map((each) => ({ ...each, kind: KIND.relu })),
    };
    expect(() => estimatePhysics({ ...models, set }, 4)).toThrow(
      expect.objectContaining({ code: 'E_MEASUREMENTS' }),
    );
  });
});

describe('a device 20 times as fast', () => {
  const within10 = (physics: object, faster: number): number =>
    accuracy({ terms: 'cpu', ...physics }, models, { faster, splits: 5, rounds: 0 }).within10;

  test('is predicted as well as the slow one', () => {
    expect(within10({}, 1)).toBeGreaterThan(0.95);
    expect(within10({}, 20)).toBeCloseTo(within10({}, 1), 2);
  });

  test('is not, under the limits of the slow one', () => {
    const physics = {
      launchMs: INVENTED.launchMs / 2,
      macsPerMs: 2 * INVENTED.macsPerMs,
      bytesPerMs: 2 * INVENTED.bytesPerMs,
    };
    expect(within10({ physics }, 1)).toBeGreaterThan(0.95);
    expect(within10({ physics }, 20)).toBeLessThan(0.05);
  });
});

test('a device that no model was measured on is refused by name', () => {
  const device = { name: 'phone_runtime1', terms: 'cpu', rules: { fuse: {} } } as const;
  const measured = new Float64Array(models.ids.length).fill(Number.NaN);
  expect(() => trainDevice({ ...models, device, measured }, () => true)).toThrow(
    expect.objectContaining({
      code: 'E_MEASUREMENTS',
      message: expect.stringContaining('phone_runtime1'),
    }),
  );
});

test('weights carry the limits that training used, known or estimated', () => {
  const data = {
    device: { name: 'device', terms: 'gpu', rules: { fuse: {} }, physics: { macsPerMs: 7e7 } },
    ...models,
  } as const;
  const isTraining = (model: number): boolean => model % 10 !== 0;
  const weight = Float64Array.from(models.ids, (_, model) => (isTraining(model) ? 1 : 0));
  expect(trainDevice(data, isTraining, { rounds: 0 }).physics).toEqual({
    ...estimatePhysics({ ...models, weight }, 4),
    macsPerMs: 7e7,
  });
});
