import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where npm's programs lie beside Node, on Windows and elsewhere. */
const PLACES = ['node_modules/npm/bin', '../lib/node_modules/npm/bin', '../share/npm/bin'];

/**
 * What to start for `npm` or `npx`, with the arguments that go before its own: a script run by Node, since on Windows
 * the commands are batch files, which only a shell can start.
 */
export function npmCommand(name: 'npm' | 'npx'): readonly [program: string, ...args: string[]] {
  const started = process.env.npm_execpath ?? '';
  const folders = [
    dirname(started),
    ...PLACES.map((place) => join(dirname(process.execPath), place)),
  ];
  const script = folders.map((folder) => join(folder, `${name}-cli.js`)).find(existsSync);
  return script === undefined ? [name] : [process.execPath, script];
}
