import { expect, test } from '@jest/globals';
import { Assumptions } from '@nnmeter/ir';

test('a size that the user gives is used, within what is possible, and told once', () => {
  const assumptions = new Assumptions({ nonzero: 300 });
  expect(assumptions.warnings).toEqual([]);
  expect(assumptions.used).toEqual({});
  expect(assumptions.size('nonzero')).toBe(300);
  expect(assumptions.size('nonzero', 1000)).toBe(300);
  expect(assumptions.size('nonzero', 20)).toBe(20);
  expect(assumptions.size('loop')).toBe(1);
  expect(assumptions.used).toEqual({ nonzero: 300, loop: 1 });
  expect(assumptions.warnings).toEqual([
    'sizes that depend on data are assumed: nonzero=300 (2 nodes), nonzero=20 (1 node), loop=1 (1 node)',
  ]);
});

test.each<[Record<string, number>, RegExp]>([
  [{ nonsense: 3 }, /nothing is assumed of "nonsense".*nonzero, compress/],
  [{ nonzero: 0 }, /assumed for "nonzero" must be a positive integer, not 0/],
  [{ nonzero: 1.5 }, /not 1.5/],
])('%j is refused', (assume, message) => {
  const make = () => new Assumptions(assume);
  expect(make).toThrow(expect.objectContaining({ code: 'E_INVALID_INPUT' }));
  expect(make).toThrow(message);
});
