import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { useTemporaryHome } from './support/home.ts';

const home = useTemporaryHome();

test('the example of the README prints what it says', () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const readme = readFileSync(`${cwd}/README.md`, 'utf8');
  const [, code, stated] = /```js\n([\s\S]*?)```[\s\S]*?<!-- printed -->\s+```\n([\s\S]*?)```/.exec(
    readme,
  )!;
  const env = { ...process.env, HOME: home(), NNMETER_HOME: home() };
  const arguments_ = ['--input-type=module', '-e', code!];
  expect(execFileSync(process.execPath, arguments_, { cwd, env, encoding: 'utf8' })).toBe(stated);
});
