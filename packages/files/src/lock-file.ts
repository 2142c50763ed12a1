import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { NnMeterError, quote } from '@nnmeter/ir';
import { fileError, isMissing } from './file-error.ts';

/**
 * Locks something for the life of this process: a file that says who has it. Locks that processes renew do not do here:
 * training computes for longer than any of them waits.
 * @param what is locked, for the error
 * @returns what unlocks it
 * @throws NnMeterError E_INVALID_INPUT if another process has it, E_FILE
 */
export async function lockFile(path: string, what: string): Promise<() => Promise<void>> {
  const owner = `${process.pid} ${hostname()}`;
  const own = `${path}.${process.pid}`;
  try {
    await writeFile(own, owner);
    while (!(await linkIfFree(own, path))) {
      const holder = await readFile(path, 'utf8').catch(ifMissing);
      if (holder === undefined) continue;
      if (isAlive(holder)) throw taken(what, path, holder);
      await removeOf(holder, path, `${own}.old`);
    }
  } catch (cause) {
    throw fileError('write', path, cause);
  } finally {
    await rm(own, { force: true });
  }
  return () => rm(path, { force: true });
}

async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the lock of a process that is gone, unless another has taken its place by now. */
async function removeOf(holder: string, path: string, aside: string): Promise<void> {
  await rename(path, aside).catch(ifMissing);
  const moved = await readFile(aside, 'utf8').catch(ifMissing);
  if (moved !== undefined && moved !== holder) await linkIfFree(aside, path);
  await rm(aside, { force: true });
}

function isAlive(holder: string): boolean {
  const [pid, host] = holder.split(' ');
  if (host !== hostname()) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function taken(what: string, path: string, holder: string): NnMeterError {
  const [pid, host] = holder.split(' ');
  return new NnMeterError(
    'E_INVALID_INPUT',
    `${what} is running already, as process ${pid} on ${host}`,
    {
      where: { file: path },
      hint: `wait for it, or delete ${quote(path)} if there is none`,
    },
  );
}

function ifMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
