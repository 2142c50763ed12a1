import { NnMeterError, quote } from '@nnmeter/ir';
import { foreignFormat, type ModelSource } from '@nnmeter/model-source';
import { unzipRaw, type ZipEntry } from 'unzipit';

/** The program of a network of a million nodes takes some hundred MB of JSON; more is refused before it is unpacked. */
const PROGRAM_BYTES = 400 * 2 ** 20;
/** JSON of graphs shrinks some 30-fold; what shrinks more is no program. */
const MAX_RATIO = 300;
/** Weights are an entry each. */
const MAX_ENTRIES = 1_000_000;

/** Of torch 2.1 to 2.7; later archives keep programs in a folder and may hold several. */
const FLAT_PROGRAM = 'serialized_exported_program.json';
const PROGRAM_IN_FOLDER = /^[^/]+\/models\/([^/]+)\.json$/;

/** What an archive is, by the names of its entries; undefined if it cannot be read as a zip. */
export async function listArchive(source: ModelSource): Promise<readonly ZipEntry[] | undefined> {
  try {
    return await openArchive(source);
  } catch {
    return undefined;
  }
}

/** The entries that hold programs. */
export function programEntries(entries: readonly ZipEntry[]): readonly ZipEntry[] {
  return entries.filter(({ name }) => name === FLAT_PROGRAM || PROGRAM_IN_FOLDER.test(name));
}

/**
 * The JSON text of the program in an archive; weights are not read. `model` is taken where there are several.
 * @throws NnMeterError E_INVALID_INPUT for a damaged zip, or one without a program; E_LIMIT for what is no real program.
 */
export async function readProgramText(source: ModelSource): Promise<string> {
  let entries: readonly ZipEntry[];
  try {
    entries = await openArchive(source);
  } catch (cause) {
    throw damaged(cause);
  }
  const programs = programEntries(entries);
  const [program] = programs.length > 1 ? programs.filter(isMain) : programs;
  if (program === undefined) throw await withoutProgram(programs, source);
  if (program.encrypted) {
    throw new NnMeterError('E_INVALID_INPUT', `its ${quote(program.name)} is encrypted`);
  }
  const { size, compressedSize } = program;
  if (size > PROGRAM_BYTES || size > Math.max(2 ** 20, compressedSize * MAX_RATIO)) {
    throw new NnMeterError(
      'E_LIMIT',
      `its ${quote(program.name)} unpacks to ${size} bytes from ${compressedSize}; no real program does, so reading it stops here`,
    );
  }
  try {
    return await program.text();
  } catch (cause) {
    throw damaged(cause);
  }
}

function isMain({ name }: ZipEntry): boolean {
  return PROGRAM_IN_FOLDER.exec(name)?.[1] === 'model';
}

async function openArchive(source: ModelSource): Promise<readonly ZipEntry[]> {
  const { entries } = await unzipRaw({
    getLength: async () => source.size,
    read: async (offset: number, length: number) => {
      const bytes = await source.slice(offset, offset + length);
      if (bytes.length < length) throw new RangeError(`the file ends at byte ${source.size}`);
      // The library hands on the buffer behind what it is given.
      return bytes.length === bytes.buffer.byteLength
        ? (bytes as Uint8Array<ArrayBuffer>)
        : new Uint8Array(bytes);
    },
  });
  if (entries.length <= MAX_ENTRIES) return entries;
  throw new RangeError(`it has ${entries.length} entries`);
}

function damaged(cause: unknown): NnMeterError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NnMeterError('E_INVALID_INPUT', `its zip is damaged: ${reason.slice(0, 200)}`, {
    cause,
    hint: 'export or download it again',
  });
}

async function withoutProgram(
  programs: readonly ZipEntry[],
  source: ModelSource,
): Promise<NnMeterError> {
  if (programs.length === 0) {
    const foreign = await foreignFormat(source);
    return new NnMeterError(
      'E_UNSUPPORTED_FORMAT',
      `it is ${foreign?.what ?? 'a zip'}, not an archive of torch.export (it has no models/model.json and no ${FLAT_PROGRAM})`,
      foreign && { hint: foreign.advice },
    );
  }
  const names = programs.slice(0, 10).map(({ name }) => quote(name));
  return new NnMeterError(
    'E_INVALID_INPUT',
    `it holds ${programs.length} programs, of which none is named "model": ${names.join(', ')}`,
    { hint: 'save one program a file' },
  );
}
