import { NnMeterError, quote } from '@nnmeter/ir';
import { unzipRaw, type ZipEntry } from 'unzipit';
import type { ModelSource } from './model-source.ts';

export type { ZipEntry } from 'unzipit';

/** What describes a network of a million nodes takes some hundred MB; more is refused before it is unpacked. */
const MOST_BYTES = 400 * 2 ** 20;
/** Descriptions of networks shrink some 30-fold; what shrinks more is none. */
const MAX_RATIO = 300;
/** Entries up to this size may shrink as they like. */
const SMALL_BYTES = 2 ** 20;
/** Weights are an entry each. */
const MAX_ENTRIES = 1_000_000;

/** The entries of a zip; only its directory is read. @throws NnMeterError E_INVALID_INPUT if it is damaged */
export async function zipEntries(source: ModelSource): Promise<readonly ZipEntry[]> {
  const read = async (offset: number, length: number) => {
    const bytes = await source.slice(offset, offset + length);
    if (bytes.length < length) throw new RangeError(`the file ends at byte ${source.size}`);
    // The library hands on the buffer behind what it is given.
    return bytes.length === bytes.buffer.byteLength
      ? (bytes as Uint8Array<ArrayBuffer>)
      : new Uint8Array(bytes);
  };
  try {
    const { entries } = await unzipRaw({ getLength: async () => source.size, read });
    if (entries.length <= MAX_ENTRIES) return entries;
    throw new RangeError(`it has ${entries.length} entries`);
  } catch (cause) {
    throw damaged(cause);
  }
}

/**
 * What describes a network in a zip, unpacked.
 * @throws NnMeterError E_LIMIT for what is too large to be that, E_INVALID_INPUT if it is encrypted or damaged
 */
export async function unpackEntry(entry: ZipEntry): Promise<Uint8Array> {
  const { name, encrypted, size, compressedSize } = entry;
  if (encrypted) throw new NnMeterError('E_INVALID_INPUT', `its ${quote(name)} is encrypted`);
  if (size > MOST_BYTES || size > Math.max(SMALL_BYTES, compressedSize * MAX_RATIO)) {
    throw new NnMeterError(
      'E_LIMIT',
      `its ${quote(name)} unpacks to ${size} bytes from ${compressedSize}; no real one does, so reading it stops here`,
    );
  }
  try {
    return new Uint8Array(await entry.arrayBuffer());
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause: unknown): NnMeterError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NnMeterError('E_INVALID_INPUT', `its zip is damaged: ${reason.slice(0, 200)}`, {
    cause,
    hint: 'export or download it again',
  });
}
