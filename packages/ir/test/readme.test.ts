import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { ops } from '@nnmeter/ir';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

function block(language: string): string {
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readme)![1]!;
}

test('the example of the README prints what it says', () => {
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', block('js')], {
    cwd: folder,
    encoding: 'utf8',
  });
  const stated = /<!-- printed -->\s+```\n([\s\S]*?)```/.exec(readme)![1];
  expect(printed).toBe(stated);
});

test('the table of ops in the README has every op', () => {
  const table = readme.slice(readme.indexOf('## Ops'), readme.indexOf('## Costs'));
  const named = new Set([...table.matchAll(/`([a-z0-9]+)`/g)].map(([, name]) => name));
  expect(ops.filter((op) => !named.has(op))).toEqual([]);
});
