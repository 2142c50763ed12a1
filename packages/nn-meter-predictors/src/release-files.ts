import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileError } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import { isRegressorName } from './regressors.ts';
import { type ArchiveEntry, type ArchiveLimits, withZip } from './zip.ts';

/** A predictor as nn-Meter keeps it: a folder, or a zip of one. */
export interface ReleaseFiles {
  /** Name of the folder, or of the zip without suffix. */
  readonly name: string;
  readonly rules: ArchiveEntry;
  /** The pickled forest of each kernel, by kernel. */
  readonly forests: ReadonlyMap<string, ArchiveEntry>;
}

const RULES = 'fusion_rules.json';

const RULES_BYTES = 1 << 20;

/** The largest published forest has 650 trees; a pickle of 1 GB would have 15 million nodes. */
const LIMITS: ArchiveLimits = { entries: 500, entryBytes: 1 << 30, totalBytes: 4 * (1 << 30) };

/**
 * Finds the files of a predictor in a folder or zip; other files are left alone.
 * @throws NnMeterError E_FILE, E_INVALID_INPUT if there is no predictor, or several; E_LIMIT
 */
export async function withRelease<T>(
  path: string,
  use: (release: ReleaseFiles) => Promise<T>,
): Promise<T> {
  if ((await status(path)).isDirectory()) return use(findRelease(await listFolder(path), path));
  return withZip(path, LIMITS, (entries) => use(findRelease(entries, path)));
}

/** Reads all of an entry into memory. */
export async function readEntry(entry: ArchiveEntry): Promise<Uint8Array> {
  const content = new Uint8Array(entry.bytes);
  let length = 0;
  for await (const chunk of await entry.stream()) {
    if (length + chunk.length > entry.bytes) break;
    content.set(chunk, length);
    length += chunk.length;
  }
  if (length === entry.bytes) return content;
  throw new NnMeterError('E_FILE', `${quote(entry.path)} changed while it was read`);
}

function findRelease(entries: readonly ArchiveEntry[], path: string): ReleaseFiles {
  const rules = entries.filter((entry) => basename(entry.path) === RULES);
  if (rules.length === 0) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${quote(path)} is no predictor of nn-Meter: it has no ${RULES} beside the <kernel>.pkl files`,
    );
  }
  if (rules.length > 1) {
    const names = rules.map((entry) => quote(entry.path)).join(', ');
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${quote(path)} holds several predictors (${names}); import the folder of one of them`,
    );
  }
  if (rules[0]!.bytes > RULES_BYTES) {
    const { path: file, bytes } = rules[0]!;
    throw new NnMeterError('E_LIMIT', `${quote(file)} has ${bytes} bytes; some hundred are usual`);
  }
  const folder = rules[0]!.path.slice(0, -RULES.length);
  const forests = new Map<string, ArchiveEntry>();
  for (const entry of entries) {
    const kernel = /^([\w-]+)\.pkl$/.exec(entry.path.slice(folder.length))?.[1];
    if (kernel === undefined || !entry.path.startsWith(folder)) continue;
    if (isRegressorName(kernel)) forests.set(kernel, entry);
  }
  if (forests.size === 0) {
    throw new NnMeterError('E_INVALID_INPUT', `${quote(path)} holds no <kernel>.pkl`);
  }
  const name = basename(folder) || basename(path).replace(/\.zip$/i, '');
  return { name, rules: rules[0]!, forests };
}

/** Two levels are enough: the folder of a predictor, or the folder it was unpacked into. */
async function listFolder(path: string): Promise<ArchiveEntry[]> {
  const found: ArchiveEntry[] = [];
  const list = async (prefix: string): Promise<void> => {
    for (const entry of await readdir(join(path, prefix), { withFileTypes: true })) {
      const file = prefix + entry.name;
      if (entry.isDirectory() && prefix === '') await list(`${file}/`);
      if (!/\.pkl$|^fusion_rules\.json$/.test(entry.name)) continue;
      const info = await status(join(path, file));
      if (!info.isFile()) continue;
      if (info.size > LIMITS.entryBytes) {
        throw new NnMeterError('E_LIMIT', `${quote(join(path, file))} has ${info.size} bytes`);
      }
      found.push({
        path: file,
        bytes: info.size,
        stream: async () => createReadStream(join(path, file)),
      });
    }
  };
  await list('');
  const own = found.filter((entry) => !entry.path.includes('/'));
  return own.some((entry) => entry.path === RULES) ? own : found;
}

async function status(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    throw fileError('open', path, cause);
  }
}
