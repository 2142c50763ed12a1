import { requireFile } from '@nnmeter/files';
import { crc32 } from '@nnmeter/forest';
import { NnMeterError, quote } from '@nnmeter/ir';
import type { Entry, ZipFile } from 'yauzl';

/** One file in an archive. */
export interface ArchiveEntry {
  /** Path inside the archive, with `/`; never absolute, never with `..`. */
  readonly path: string;
  readonly bytes: number;
  /** The content in pieces, no more than `bytes` in all. */
  stream(): Promise<AsyncIterable<Uint8Array>>;
}

/** What an archive may hold; more is refused before anything is unpacked. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Of one entry, and of all together, unpacked. */
  readonly entryBytes: number;
  readonly totalBytes: number;
}

/** JSON Lines of graphs shrink 20-fold, pickled trees less; 1000-fold is a bomb. */
const MAX_RATIO = 150;
/** Small files may shrink more. */
const RATIO_FREE_BYTES = 1 << 20;

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const MADE_BY_UNIX = 3;

/**
 * Hands the files of a zip to `use` and closes it. Names and sizes are checked before; nothing is written to disk here.
 * @throws NnMeterError E_INVALID_INPUT if it is damaged or hostile (paths that lead outside, links, encryption),
 * E_LIMIT if it holds too much, E_FILE if there is none.
 */
export async function withZip<T>(
  path: string,
  limits: ArchiveLimits,
  use: (entries: readonly ArchiveEntry[]) => Promise<T>,
): Promise<T> {
  await requireFile(path);
  const { openPromise } = await import('yauzl');
  const refuse = (reason: string, cause?: unknown) =>
    new NnMeterError('E_INVALID_INPUT', `${quote(path)} is not a usable zip: ${reason}`, { cause });
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { autoClose: false, strictFileNames: true });
  } catch (cause) {
    throw refuse((cause as Error).message, cause);
  }
  try {
    return await use(await listEntries(zip, path, limits, refuse));
  } finally {
    zip.close();
  }
}

type Refuse = (reason: string, cause?: unknown) => NnMeterError;

async function listEntries(
  zip: ZipFile,
  path: string,
  limits: ArchiveLimits,
  refuse: Refuse,
): Promise<ArchiveEntry[]> {
  const exceeded = (what: string) =>
    new NnMeterError('E_LIMIT', `${quote(path)} is refused: ${what}`);
  if (zip.entryCount > limits.entries) throw exceeded(`it holds ${zip.entryCount} entries`);
  const found: ArchiveEntry[] = [];
  const names = new Set<string>();
  let total = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize, compressedSize } = entry;
      const kind = fileKind(entry);
      if (kind === 'directory') continue;
      if (kind === 'special') throw refuse(`${quote(fileName)} is a link or no regular file`);
      if (entry.isEncrypted()) throw refuse('it is encrypted');
      if (names.has(fileName)) throw refuse(`it holds ${quote(fileName)} twice`);
      names.add(fileName);
      total += uncompressedSize;
      if (uncompressedSize > limits.entryBytes || total > limits.totalBytes) {
        throw exceeded(`${quote(fileName)} brings it to ${total} bytes unpacked`);
      }
      if (uncompressedSize > Math.max(RATIO_FREE_BYTES, compressedSize * MAX_RATIO)) {
        throw exceeded(`${quote(fileName)} unpacks to ${uncompressedSize} from ${compressedSize}`);
      }
      found.push({
        path: fileName,
        bytes: uncompressedSize,
        stream: async () => checked(zip, entry, refuse),
      });
    }
  } catch (cause) {
    throw cause instanceof NnMeterError ? cause : refuse((cause as Error).message, cause);
  }
  return found;
}

function fileKind(entry: Entry): 'file' | 'directory' | 'special' {
  if (entry.fileName.endsWith('/')) return 'directory';
  const mode = entry.versionMadeBy >>> 8 === MADE_BY_UNIX ? entry.externalFileAttributes >>> 16 : 0;
  const type = mode & FILE_TYPE;
  if (type === DIRECTORY) return 'directory';
  return type === 0 || type === REGULAR ? 'file' : 'special';
}

/** The content of an entry; yauzl checks its size, the CRC is checked here. */
async function* checked(zip: ZipFile, entry: Entry, refuse: Refuse): AsyncGenerator<Uint8Array> {
  let crc = 0;
  try {
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (cause) {
    throw refuse(`${quote(entry.fileName)} is damaged (${(cause as Error).message})`, cause);
  }
  if (crc !== entry.crc32) throw refuse(`${quote(entry.fileName)} does not match its checksum`);
}
