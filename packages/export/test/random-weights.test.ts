import { describe, expect, test } from '@jest/globals';
import { identity, permuted, placesInOrder, RandomWeights } from '@nnmeter/export';
import { GraphBuilder } from '@nnmeter/ir';

const builder = new GraphBuilder('net');
const image = builder.input('image', [1, 16, 8, 8]);
const features = builder.bn(builder.conv(image, 32, { kernel: 3, name: 'conv' }), { name: 'bn' });
const graph = builder.build(builder.fc(builder.flatten(features), 10, { name: 'fc' }));
const weights = new RandomWeights(graph);

const mean = (values: Float32Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const meanSquare = (values: Float32Array) => mean(values.map((value) => value ** 2));

describe('what a constant does', () => {
  test.each([
    ['conv.weight', { fanIn: 16 * 9 }],
    ['conv.bias', 'shift'],
    ['bn.scale', 'factor'],
    ['bn.bias', 'shift'],
    ['bn.mean', 'shift'],
    ['bn.variance', 'factor'],
    ['fc.weight', { fanIn: 32 * 36 }],
    ['fc.bias', 'shift'],
  ])('%s', (name, role) => {
    expect(weights.roleOf(name)).toEqual(role);
  });
});

test('sums of products keep the size of activations: their variance is between 1 and 2', () => {
  const { shape } = graph.tensor('fc.weight');
  const values = weights.values('fc.weight', { fanIn: 32 * 36 }, shape!);
  expect(meanSquare(values) * 32 * 36).toBeGreaterThan(1.4);
  expect(meanSquare(values) * 32 * 36).toBeLessThan(1.6);
  expect(Math.abs(mean(values))).toBeLessThan(1e-3);
});

test('factors are about 1 and shifts about 0', () => {
  expect(mean(weights.values('a', 'factor', [10_000]))).toBeCloseTo(1, 2);
  expect(weights.values('a', 'factor', [10_000]).every((value) => value > 0.5)).toBe(true);
  expect(mean(weights.values('a', 'shift', [10_000]))).toBeCloseTo(0, 2);
});

test('values follow from the seed, the name and the place', () => {
  const values = weights.values('a', 'shift', [100]);
  expect(new RandomWeights(graph).values('a', 'shift', [10, 10])).toEqual(values);
  expect(new RandomWeights(graph, 1).values('a', 'shift', [100])).not.toEqual(values);
  expect(weights.values('b', 'shift', [100])).not.toEqual(values);
  expect(weights.values('a', 'shift', [50])).toEqual(values.slice(0, 50));
  expect(new Set(values).size).toBe(100);
});

test('in another order of axes they are the same values', () => {
  const shape = [2, 3, 4, 5];
  const order = [3, 1, 0, 2];
  const values = weights.values('a', 'shift', shape);
  const moved = weights.values('a', 'shift', shape, order);
  const at = (index: readonly number[], of: readonly number[]) =>
    index.reduce((place, entry, axis) => place * of[axis]! + entry, 0);
  const other = permuted(shape, order);
  for (const index of [
    [0, 0, 0, 0],
    [1, 2, 3, 4],
    [1, 0, 2, 3],
    [0, 2, 1, 4],
  ]) {
    expect(moved[at(permuted(index, order), other)]).toBe(values[at(index, shape)]);
  }
  expect([...placesInOrder(shape, identity(4))]).toEqual(identity(120));
});
