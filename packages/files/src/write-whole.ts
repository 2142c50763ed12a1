import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, readlink, realpath, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileError } from './file-error.ts';
import { keepTemporary, removeAbandoned } from './temporary.ts';

/** What a file is to hold. */
export type Content = string | Uint8Array | SparseContent;

/** Zeros, which take no space where the file system knows sparse files, and parts that are made when they are written. */
export interface SparseContent {
  /** Bytes in all. */
  readonly size: number;
  readonly parts?: readonly { readonly offset: number; readonly content: () => Uint8Array }[];
}

/**
 * Writes a file so that nobody ever sees half of it, nor two writers mixed: under another name beside it, then renamed.
 * Symbolic links stay, and what they lead to is replaced; a file that was there keeps its mode. Devices, pipes and the
 * process's own descriptors (/dev/stdout) are written to, not replaced.
 * @throws NnMeterError E_FILE naming it; then nothing has changed
 */
export function writeWhole(path: string, content: Content): Promise<void> {
  return writeTogether([{ path, content }]);
}

export interface FileToWrite {
  readonly path: string;
  readonly content: Content;
}

/**
 * Writes files that belong together, each like {@link writeWhole}: none is put in its place before all are written.
 * @throws NnMeterError E_FILE naming the one that cannot be written
 */
export async function writeTogether(files: readonly FileToWrite[]): Promise<void> {
  const prepared: PreparedFile[] = [];
  try {
    for (const file of files) {
      prepared.push(await naming(file.path, () => prepare(file)));
    }
    for (const { path, putInPlace } of prepared) await naming(path, putInPlace);
  } finally {
    for (const { discard } of prepared) await discard?.();
  }
}

async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
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

interface PreparedFile {
  readonly path: string;
  putInPlace(): Promise<void>;
  /** Removes what was not put in its place. */
  discard?(): Promise<void>;
}

async function prepare({ path, content }: FileToWrite): Promise<PreparedFile> {
  const place = await followLinks(path);
  const status = await stat(place).catch(ifMissing);
  // Windows would speak of permissions.
  if (status?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  if (DESCRIPTOR.test(place)) return { path, putInPlace: () => writeInto(place, 'a', content) };
  if (status?.isFile() === false) {
    return { path, putInPlace: () => writeInto(place, 'w', content) };
  }
  if (status !== undefined) await access(place, constants.W_OK);
  await cleanOnce(dirname(place));
  // Not the name with an ending, which may become too long.
  const draft = join(dirname(place), `${DRAFT}${randomBytes(6).toString('hex')}.partial`);
  const discard = keepTemporary(draft);
  try {
    await writeInto(draft, 'wx', content, status?.mode);
  } catch (error) {
    await discard();
    throw error;
  }
  return { path, putInPlace: () => rename(draft, place), discard };
}

/** What is being written begins so. */
const DRAFT = '.nn-meter-';

const cleaned = new Set<string>();

/** Folders may be large, and a batch writes many files into one. */
async function cleanOnce(folder: string): Promise<void> {
  if (cleaned.has(folder)) return;
  cleaned.add(folder);
  await removeAbandoned(folder, DRAFT);
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
    if (typeof content === 'string' || content instanceof Uint8Array) await file.writeFile(content);
    else {
      await file.truncate(content.size);
      for (const part of content.parts ?? []) await writeAt(file, part.offset, part.content());
    }
  } finally {
    await file.close();
  }
}

async function writeAt(file: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Windows says UNKNOWN of what is no link. */
function ifNoLink(error: NodeJS.ErrnoException): undefined {
  if (!['EINVAL', 'ENOENT', 'UNKNOWN'].includes(error.code ?? '')) throw error;
}
