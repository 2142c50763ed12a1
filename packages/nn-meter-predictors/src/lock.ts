import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NnMeterError, quote } from '@nnmeter/ir';

/** A process that does not renew its lock for so long is gone. */
const STALE_MS = 10_000;
/** Changes take milliseconds; one that waits for a stale lock has to wait longer than it takes to become stale. */
const RETRIES = { retries: 400, factor: 1, minTimeout: 50, maxTimeout: 100, randomize: true };

/**
 * Runs a change of what is in a data folder while no other process changes it.
 * @throws NnMeterError E_FILE if it cannot be locked
 */
export async function withLock<T>(dataFolder: string, change: () => Promise<T>): Promise<T> {
  const { default: lockfile } = await import('proper-lockfile');
  const lockfilePath = join(dataFolder, '.lock');
  let release: () => Promise<void>;
  try {
    release = await lockfile.lock(dataFolder, {
      ...{ lockfilePath, realpath: false, stale: STALE_MS, retries: RETRIES },
      // A process that was stopped for longer goes on: what it does is right or fails as a whole.
      onCompromised: () => {},
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ELOCKED') throw cause;
    throw new NnMeterError(
      'E_FILE',
      `another process has been changing ${quote(dataFolder)} for too long (${message}); try again`,
      { cause },
    );
  }
  try {
    return await change();
  } finally {
    // It fails if the lock was taken for stale, which is no failure of the change.
    await release().catch(() => {});
  }
}

/** Moves a new folder into place, whatever is there. */
export async function replaceFolder(
  dataFolder: string,
  from: string,
  target: string,
): Promise<void> {
  const old = `${from}.old`;
  await withLock(dataFolder, async () => {
    const hadOld = await moveIfThere(target, old);
    try {
      await rename(from, target);
    } catch (error) {
      if (hadOld) await rename(old, target);
      throw error;
    }
  });
  await rm(old, { recursive: true, force: true });
}

async function moveIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
