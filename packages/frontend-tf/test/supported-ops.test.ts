import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { supportedTensorFlowOps } from '@nnmeter/frontend-tf';

const root = join(import.meta.dirname, '../../..');
const table = readFileSync(join(root, 'docs/tensorflow-ops.md'), 'utf8');
const readme = readFileSync(join(root, 'packages/frontend-tf/README.md'), 'utf8');

/** The names under a heading. */
function listed(title: string): string[] {
  const section = table.slice(table.indexOf(`## ${title}\n`));
  return /```text\n([^`]*)```/.exec(section)?.[1]?.trim().split(/\s+/) ?? [];
}

const every = [...table.matchAll(/^```text\n([^`]*)```$/gm)].flatMap(([, names = '']) =>
  names.trim().split(/\s+/),
);

test.each([
  ['Costed', 'costed'],
  ['Free', 'free'],
  ['Shapes only', 'shapes'],
] as const)('the table of ops is up to date: %s', (title, status) => {
  const registered = new Set(every);
  const supported = [...supportedTensorFlowOps()]
    .filter(([op, known]) => known === status && registered.has(op))
    .map(([op]) => op);
  expect(listed(title)).toEqual(supported.sort());
  expect(supported.length).toBeGreaterThan(20);
});

test('every op that is supported is one of TensorFlow, but one of converters and our own', () => {
  const unregistered = [...supportedTensorFlowOps().keys()].filter((op) => !every.includes(op));
  expect(unregistered).toEqual(['L2Normalize', 'LoopState']);
});

test('the README has the figures of the table', () => {
  const [costed, free, shapes] = ['Costed', 'Free', 'Shapes only'].map(
    (title) => listed(title).length,
  );
  expect(new Set(every).size).toBe(1908);
  expect(readme.replace(/\s+/g, ' ')).toContain(`${costed! + free!} of the 1,908`);
  expect(readme).toContain(`of ${shapes} more`);
});
