import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { printable } from '@nnmeter/report';
import type { Terminal } from './terminal.ts';

/** Programs that open something with what the user has for it, by platform; others are Linux and its kin. */
const OPENERS: Readonly<Record<string, string>> = { darwin: 'open', win32: 'explorer.exe' };

/** Has the user's browser show a file or an address; no browser is no failure, since it can be opened by hand. */
export async function openInBrowser(what: string, terminal: Terminal): Promise<void> {
  const program = OPENERS[process.platform] ?? 'xdg-open';
  const child = spawn(program, [what], { detached: true, stdio: 'ignore' });
  child.unref();
  try {
    await once(child, 'spawn');
  } catch {
    terminal.note(`nn-meter: note: ${program} cannot be started; open ${printable(what)} yourself`);
  }
}
