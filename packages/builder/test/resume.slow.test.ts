import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from '@jest/globals';
import { transformSync } from '@swc/core';
import { onWindows, testIf } from '../../../tests/support/test-if.ts';
import { newJournal } from './support/build.ts';

const SUPPORT = fileURLToPath(new URL('./support', import.meta.url));
const BUILD_PROCESS = fileURLToPath(new URL('./support/build-process.js', import.meta.url));
/** The invented device and what builds it as JavaScript, in the package, so that it is found by its name. */
const modules = mkdtempSync(fileURLToPath(new URL('../dist/resume-', import.meta.url)));
for (const name of ['invented-device', 'build']) {
  const source = readFileSync(join(SUPPORT, `${name}.ts`), 'utf8');
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
  });
  writeFileSync(join(modules, `${name}.js`), code.replaceAll(/'(\.\/[\w-]+)\.ts'/g, "'$1.js'"));
}
afterAll(() => rmSync(modules, { recursive: true }));

function start(journal: string, plugin: string) {
  const args = [BUILD_PROCESS, modules, journal, plugin];
  return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
}

const linesIn = (journal: string): number =>
  existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 1 : 0;

/** The files of a plugin; what the builds are not told is the load of the machine. */
function filesOf(plugin: string): Record<string, string> {
  const names = readdirSync(plugin);
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(plugin, name), 'latin1')]),
  );
}

testIf(!onWindows, 'Windows has no signals')(
  'kill -9 at 20 random points, then resumed: the same plugin as without',
  async () => {
    const [whole, killed] = [newJournal(), newJournal()];
    const plugin = (journal: string): string => join(journal, '../plugin');
    const [code] = await once(start(whole, plugin(whole)), 'exit');
    expect(code).toBe(0);
    const lines = linesIn(whole);
    expect(lines).toBeGreaterThan(50);
    const points = Array.from({ length: 20 }, () => Math.random() * lines).sort((a, b) => a - b);
    let kills = 0;
    for (const point of points) {
      const child = start(killed, plugin(killed));
      const exit = once(child, 'exit');
      const timer = setInterval(() => {
        if (linesIn(killed) >= point) child.kill('SIGKILL');
      }, 1);
      const [, signal] = await exit;
      clearInterval(timer);
      if (signal === 'SIGKILL') kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(15);
    const [end] = await once(start(killed, plugin(killed)), 'exit');
    expect(end).toBe(0);
    expect(linesIn(killed)).toBe(lines);
    expect(filesOf(plugin(killed))).toEqual(filesOf(plugin(whole)));
  },
  300_000,
);

testIf(!onWindows, 'Windows has no limits of file sizes')(
  'a disk that fills is one error, and what was measured before is kept',
  async () => {
    const journal = newJournal();
    const plugin = join(journal, '../plugin');
    const args = [BUILD_PROCESS, modules, journal, plugin];
    const child = spawn(
      'bash',
      ['-c', 'trap "" XFSZ; ulimit -f 128; exec "$@"', 'bash', process.execPath, ...args],
      { stdio: ['ignore', 'inherit', 'pipe'] },
    );
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [code] = await once(child, 'close');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/cannot write .*build\.jsonl.*larger than this process may write/);
    const before = linesIn(journal);
    expect(before).toBeGreaterThan(5);
    const [end] = await once(start(journal, plugin), 'exit');
    expect(end).toBe(0);
    expect(linesIn(journal)).toBeGreaterThan(before);
  },
  300_000,
);
