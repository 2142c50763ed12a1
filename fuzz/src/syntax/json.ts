import { children, type Part, type Scalar, type Syntax } from '../part.ts';

const VALUES = [
  ...[0, -1, 1, 3, 0.5, 64, 255, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 1e-320, -0],
  // Written as 1e999, which JSON parsers read as infinity.
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  ...[
    null,
    true,
    false,
    '',
    'NaN',
    '__proto__',
    'constructor',
    '\u0000',
    '\ud800',
    'x'.repeat(300),
  ],
].map((value) => ({ kind: 'leaf', value }));

/** JSON; the elements of an array go by the label of the array. */
export const json: Syntax = {
  parse: (bytes) => toPart('', JSON.parse(new TextDecoder().decode(bytes))),
  print: (root) => new TextEncoder().encode(text(root)),
  values: () => [...VALUES, { kind: 'array', value: [] }, { kind: 'object', value: [] }],
};

function toPart(label: string, value: unknown): Part {
  if (Array.isArray(value)) {
    return { label, kind: 'array', value: value.map((item) => toPart(`${label}[]`, item)) };
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    return { label, kind: 'object', value: entries.map(([key, each]) => toPart(key, each)) };
  }
  return { label, kind: 'leaf', value: value as Scalar };
}

function text(part: Part): string {
  if (part.kind === 'array') return `[${children(part).map(text).join()}]`;
  if (part.kind === 'object') {
    return `{${children(part).map((child) => `${JSON.stringify(child.label)}:${text(child)}`)}}`;
  }
  const { value } = part;
  if (typeof value !== 'number') return JSON.stringify(value);
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return value < 0 ? '-1e999' : '1e999';
}
