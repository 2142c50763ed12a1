import { describe, expect, test } from '@jest/globals';
import type { Graph } from '@nnmeter/ir';
import { bytesMoved, type KernelDescription, KIND, macsOf } from '@nnmeter/latency-model';
import { estimatePhysics, squareKernel, trainDevice } from '@nnmeter/training';
import { buildModel } from '@nnmeter/zoo';
import { accuracy, kernelsOf, type Measured } from './support/scaled-device.ts';

/** A device of our own: a start of each kernel, its work and its traffic one after the other. ms */
const LAUNCH = 0.01;
const MACS_PER_MS = 5e6;
const BYTES_PER_MS = 2e6;
const latencyOf = (kernel: KernelDescription): number =>
  LAUNCH + macsOf(kernel) / MACS_PER_MS + bytesMoved(kernel, 4) / BYTES_PER_MS;

const NETWORKS = [
  ...['alexnet', 'googlenet', 'mnasnet0_5', 'mnasnet1_0', 'mobilenet_v2', 'mobilenet_v3_small'],
  ...['resnet18', 'resnet34', 'shufflenet_v2_x0_5', 'shufflenet_v2_x1_0', 'squeezenet1_0'],
  ...['squeezenet1_1', 'vgg11', 'vgg13_bn', 'densenet121'],
];
const SIDES = [96, 128, 160, 192, 224];

function measure(): Measured {
  const ids: string[] = [];
  const graphs: Graph[] = [];
  for (const network of NETWORKS) {
    for (const side of SIDES) {
      ids.push(`${network}_${side}`);
      graphs.push(buildModel(network, { inputShape: [1, 3, side, side] }));
    }
  }
  const set = kernelsOf(graphs, { fuse: { BF_conv_bn: true, BF_conv_relu: true } });
  const measured = Float64Array.from(ids, (_, model) => {
    let total = 0;
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++)
      total += set.uses[entry]! * latencyOf(set.kernels[set.kernelIndex[entry]!]!);
    return total;
  });
  return { ids, set, measured };
}
const models = measure();

describe('estimated limits', () => {
  test('are beyond what the device can do, and within reach of it', () => {
    const { launchMs, macsPerMs, bytesPerMs } = estimatePhysics(models, 4);
    expect(launchMs).toBeLessThan(LAUNCH);
    expect(launchMs).toBeGreaterThan(LAUNCH / 1000);
    expect(macsPerMs).toBeGreaterThan(MACS_PER_MS);
    expect(macsPerMs).toBeLessThan(10 * MACS_PER_MS);
    expect(bytesPerMs).toBeGreaterThan(BYTES_PER_MS);
    expect(bytesPerMs).toBeLessThan(100 * BYTES_PER_MS);
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
    const anchors = [{ name: 'relu', kernel, ms: LAUNCH / 5, weight: 3 }];
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
      launchMs: LAUNCH / 2,
      macsPerMs: 2 * MACS_PER_MS,
      bytesPerMs: 2 * BYTES_PER_MS,
    };
    expect(within10({ physics }, 1)).toBeGreaterThan(0.95);
    expect(within10({ physics }, 20)).toBeLessThan(0.05);
  });
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
