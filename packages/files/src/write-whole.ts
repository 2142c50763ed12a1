import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileError } from './file-error.ts';

/** What a file is to hold; zeros take no space where the file system knows sparse files. */
export type Content = string | Uint8Array | { readonly zeroBytes: number };

/**
 * Writes a file so that nobody ever sees half of it, nor two writers mixed: under another name beside it, then renamed.
 * Symbolic links stay, and what they lead to is replaced; a file that was there keeps its mode. Devices, pipes and the
 * process's own descriptors (/dev/stdout) are written to, not replaced.
 * @throws NnMeterError E_FILE naming it; then nothing has changed
 */
export async function writeWhole(path: string, content: Content): Promise<void> {
  try {
    const place = await followLinks(path);
    const status = await stat(place).catch(ifMissing);
    // Windows would speak of permissions.
    if (status?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    if (DESCRIPTOR.test(place)) await writeInto(place, 'a', content);
    else if (status?.isFile() === false) await writeInto(place, 'w', content);
    else await replace(place, status?.mode, content);
  } catch (cause) {
    throw fileError('write', path, cause);
  }
}

/** Whether {@link writeWhole} would replace what is there, or make a new file; not so for devices, pipes and the like. */
export async function isReplaceable(path: string): Promise<boolean> {
  try {
    const place = await followLinks(path);
    return !DESCRIPTOR.test(place) && (await stat(place).catch(ifMissing))?.isFile() !== false;
  } catch (cause) {
    throw fileError('write', path, cause);
  }
}

/** Descriptors of processes: to be replaced as little as devices are, even if a shell has led them to a file. */
const DESCRIPTOR = /^\/(dev\/(std(out|err)|fd\/\d+)|proc\/[^/]+\/fd\/\d+)$/;

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** Where a file is or will be, that is no link itself. */
async function followLinks(path: string): Promise<string> {
  let place = resolve(path);
  for (let count = 0; count <= MAX_LINKS; count++) {
    if (DESCRIPTOR.test(place)) return place;
    place = join(await realpath(dirname(place)), basename(place));
    const target = await readlink(place).catch(ifNoLink);
    if (target === undefined) return place;
    place = resolve(dirname(place), target);
  }
  throw Object.assign(new Error(`too many links`), { code: 'ELOOP' });
}

async function replace(place: string, mode: number | undefined, content: Content): Promise<void> {
  if (mode !== undefined) await access(place, constants.W_OK);
  // Not the name with an ending, which may become too long.
  const draft = join(dirname(place), `.nn-meter-${randomBytes(6).toString('hex')}.partial`);
  try {
    await writeInto(draft, 'wx', content, mode);
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeInto(
  place: string,
  flags: 'a' | 'w' | 'wx',
  content: Content,
  mode?: number,
): Promise<void> {
  const file = await open(place, flags);
  try {
    if (mode !== undefined) await file.chmod(mode & 0o7777);
    if (typeof content === 'object' && 'zeroBytes' in content) {
      await file.truncate(content.zeroBytes);
    } else await file.writeFile(content);
  } finally {
    await file.close();
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Windows says UNKNOWN of what is no link. */
function ifNoLink(error: NodeJS.ErrnoException): undefined {
  if (!['EINVAL', 'ENOENT', 'UNKNOWN'].includes(error.code ?? '')) throw error;
}
