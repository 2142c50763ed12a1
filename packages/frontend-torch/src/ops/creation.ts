import type { Rule } from '../call.ts';
import type { Row } from './row.ts';

/** Known before the network runs: filled with one value, or counted. Of tensors they read, the shape alone matters. */
const filled =
  (value: (call: Parameters<Rule>[0]) => number | undefined): Rule =>
  (call) => {
    const number = value(call);
    const isScalar = call.stated[0]?.shape?.length === 0;
    call.constant(isScalar && number !== undefined ? [number] : undefined);
  };

const stated = (name: string) => (call: Parameters<Rule>[0]) => call.number(name);
const other: Rule = (call) => call.constant();

const COUNTED = [
  'arange(start=0, end=None, step=1)',
  'linspace(start, end, steps)',
  'eye(n, m=None)',
  'empty(size)',
  'empty_like(self)',
  'empty_permuted(size, physical_layout)',
  'empty_strided(size, stride)',
  'new_empty(self, size)',
  'new_empty_strided(self, size, stride)',
  'rand(size)',
  'randn(size)',
  'rand_like(self)',
  'randn_like(self)',
];

export const creationRows: readonly Row[] = [
  ['full(size, fill_value)', filled(stated('fill_value'))],
  ['full_like(self, fill_value)', filled(stated('fill_value'))],
  ['new_full(self, size, fill_value)', filled(stated('fill_value'))],
  ['fill(self, value)', filled(stated('value'))],
  ['scalar_tensor(s)', filled(stated('s'))],
  ...['zeros(size)', 'zeros_like(self)', 'new_zeros(self, size)', 'zero(self)'].map(
    (declaration): Row => [declaration, filled(() => 0)],
  ),
  ...['ones(size)', 'ones_like(self)', 'new_ones(self, size)'].map(
    (declaration): Row => [declaration, filled(() => 1)],
  ),
  ...COUNTED.map((declaration): Row => [declaration, other]),
];
