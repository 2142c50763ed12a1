import { children, type Syntax } from '../part.ts';

const VALUES = [
  '',
  '- x',
  '  - x',
  '\t',
  '*a',
  '&a [*a]',
  '? [',
  '!!binary x',
  '%YAML 9',
  '---',
  '{',
  'a: |',
  '<<: *a',
].map((value) => ({ kind: 'line', value }));

/** Texts of lines, as YAML; a line goes by what stands before its colon. */
export const lines: Syntax = {
  parse: (bytes) => ({
    label: '',
    kind: 'text',
    value: new TextDecoder()
      .decode(bytes)
      .split('\n')
      .map((line) => ({ label: line.split(':')[0]!, kind: 'line', value: line })),
  }),
  print: (root) =>
    new TextEncoder().encode(
      children(root)
        .map(({ value }) => value)
        .join('\n'),
    ),
  values: () => VALUES,
};
