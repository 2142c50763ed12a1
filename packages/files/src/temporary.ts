import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const kept = new Set<string>();

function removeKept(): void {
  for (const path of kept) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Has a file or folder removed when the process exits before it is in its place. Processes that signals should end so
 * have to call `process.exit` on them.
 * @returns what removes it now, if it is still there
 */
export function keepTemporary(path: string): () => Promise<void> {
  if (kept.size === 0) process.on('exit', removeKept);
  kept.add(path);
  return async () => {
    await rm(path, { recursive: true, force: true });
    kept.delete(path);
    if (kept.size === 0) process.off('exit', removeKept);
  };
}

/**
 * Makes a folder whose path begins so, as {@link keepTemporary} keeps it: at one go, so that no signal comes between.
 * @throws as `mkdtemp`
 */
export function makeTemporaryFolder(prefix: string): {
  readonly path: string;
  readonly discard: () => Promise<void>;
} {
  const path = mkdtempSync(prefix);
  return { path, discard: keepTemporary(path) };
}

/** Nothing is worked on for so long. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Deletes what processes that were killed have left in a folder: entries that begin so and are a day old, where it may. */
export async function removeAbandoned(folder: string, prefix: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const path = join(folder, name);
    const status = await stat(path).catch(() => undefined);
    if (status === undefined || Date.now() - status.mtimeMs < ABANDONED_MS) continue;
    await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}
