import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readDevice } from '@nnmeter/training/node';
import { readDataset, sharedTest } from '../../../tests/support/shared.ts';
import { accuracy, kernelsOf, type Measured } from './support/scaled-device.ts';

const FAMILIES = ['resnet', 'mobilenetv2', 'squeezenet', 'mnasnet'] as const;
const MODELS = 200;
/** Trees of the correction: fewer than a device gets, for time. */
const ROUNDS = 40;
const POINT = 0.01;

sharedTest('a device 20 times as fast as any that is known is predicted as well', async () => {
  const folder = fileURLToPath(new URL('../../../predictors/cortexa76', import.meta.url));
  const { name, rules, terms, physics = {}, boosting = {} } = await readDevice(folder);
  const lines = (await Promise.all(FAMILIES.map((family) => readDataset(family, MODELS)))).flat();
  const models: Measured = {
    ids: lines.map(({ id }) => id),
    set: kernelsOf(
      lines.map(({ id, graph }) => readNnMeterIr(graph, { name: id })),
      rules,
      terms,
    ),
    measured: Float64Array.from(
      lines,
      (line) => (line as unknown as Record<string, number>)[name]!,
    ),
  };
  const device = { terms, boosting };
  type Limits = { readonly physics?: typeof physics };
  const within10 = (limits: Limits, faster: number, rounds = ROUNDS): number =>
    accuracy({ ...device, ...limits }, models, { faster, splits: 3, rounds }).within10;

  const known = within10({ physics }, 1);
  const estimated = within10({}, 1);
  const fast = within10({}, 20);
  expect(known).toBeGreaterThan(0.97);
  expect(Math.abs(fast - known)).toBeLessThanOrEqual(0.5 * POINT);
  expect(Math.abs(fast - estimated)).toBeLessThanOrEqual(0.5 * POINT);
  // With the limits of the slow device, as all CPUs once had.
  expect(within10({ physics }, 20, 0)).toBeLessThan(0.01);
});
