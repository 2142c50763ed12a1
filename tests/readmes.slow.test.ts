import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../scripts/pack-packages.mjs';
import { run } from './support/run.ts';

/** JavaScript with what stands between it and the next block of plain text, and that block. */
const EXAMPLE =
  /```js\n([\s\S]*?)```\n(?:(?:(?!```)[\s\S]){0,60}?prints?(?:ed -->)?:?\n\n```\n([\s\S]*?)```)?/g;

const pages = ['apps', 'packages', 'predictors', '.', 'docs']
  .flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name)))
  .flatMap((path) => (path.endsWith('.md') ? [path] : [join(path, 'README.md')]))
  // These run their examples in tests of their own.
  .filter((path) => !existsSync(join(dirname(path), 'test/readme.test.ts')))
  .flatMap((path) => examplesOf(path));

const folder = mkdtempSync(join(tmpdir(), 'nnmeter-readmes-'));
afterAll(() => rmSync(folder, { recursive: true }));
symlinkSync(join(ROOT, 'fixtures'), join(folder, 'fixtures'), 'junction');
for (const name of readdirSync(join(ROOT, 'fixtures/onnx')))
  copyFileSync(join(ROOT, 'fixtures/onnx', name), join(folder, name));

describe('the examples of the documentation print what it says', () => {
  test.each(pages)('$page, line $line', async ({ page, line, program, printed }) => {
    const file = join(ROOT, `.example-${page.replaceAll(/\W/g, '-')}-${line}.mjs`);
    writeFileSync(file, program);
    try {
      const { status, stdout, stderr } = await run(process.execPath, [file], folder);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout.trim()).toBe(printed);
    } finally {
      rmSync(file);
    }
  });
});

test('commands and tables of the READMEs are up to date', async () => {
  const script = join(ROOT, 'scripts/update-readmes.mjs');
  const { stderr } = await run(process.execPath, [script, '--check'], folder);
  expect(stderr).toBe('');
});

/** The complete programs of a page, which are those that import and say what they print. */
function examplesOf(path: string) {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(EXAMPLE)].flatMap(({ index, 1: program = '', 2: block }) => {
    const comments = program.match(/^\/\/ (?!.*\.m?js$).*$/gm)?.map((line) => line.slice(3));
    const printed = block ?? comments?.join('\n');
    if (!program.includes('import ') || printed === undefined) return [];
    const line = text.slice(0, index).split('\n').length;
    return [{ page: relative(ROOT, path), line, program, printed: printed.trim() }];
  });
}
