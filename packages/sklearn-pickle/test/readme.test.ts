import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

test('the example of the README prints what it says', () => {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const readme = readFileSync(`${folder}/README.md`, 'utf8');
  const [, code, stated] = /```js\n([\s\S]*?)```[\s\S]*?<!-- printed -->\s+```\n([\s\S]*?)```/.exec(
    readme,
  )!;
  const arguments_ = ['--input-type=module', '-e', code!];
  expect(execFileSync(process.execPath, arguments_, { cwd: folder, encoding: 'utf8' })).toBe(
    stated,
  );
});
