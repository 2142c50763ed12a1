import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Answer, Served } from './serving.ts';
import { Tail } from './tail.ts';

/**
 * Starts a module of ours in a process of its own, which answers requests.
 * @param output file that takes what it prints to stdout
 */
export function startChild(module: string, parameters: readonly string[], output: string): Served {
  const file = openSync(output, 'a');
  const child = fork(module, parameters, {
    execArgv: [],
    stdio: ['ignore', file, 'pipe', 'ipc'],
  });
  closeSync(file);
  const stderr = new Tail();
  child.stderr!.on('data', (piece: Buffer) => stderr.add(piece));
  return {
    get isAlive() {
      return child.connected;
    },
    async ask(request) {
      setRef(child, true);
      try {
        return await new Promise<Answer>((resolve, reject) => {
          const fail = (how: string): void => {
            const said = stderr.text();
            reject(new Error(said === '' ? how : `${how}, after ${said}`));
          };
          child.once('message', (answer: Answer) => resolve(answer));
          child.once('error', ({ message }) => fail(message));
          child.once('close', (code, killer) =>
            fail(killer === null ? `exit code ${code}` : `signal ${killer}`),
          );
          child.send(request, (error) => error && fail(error.message));
        });
      } finally {
        for (const event of ['message', 'error', 'close']) child.removeAllListeners(event);
        setRef(child, false);
      }
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** Whether this process stays for a child and what connects them. */
function setRef(child: ChildProcess, isNeeded: boolean): void {
  const what = isNeeded ? 'ref' : 'unref';
  child[what]();
  child.channel?.[what]();
  (child.stderr as Socket)[what]();
}
