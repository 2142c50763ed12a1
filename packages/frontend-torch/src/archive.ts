import { NnMeterError, quote } from '@nnmeter/ir';
import { foreignFormat, type ModelSource } from '@nnmeter/model-source';
import { unpackEntry, type ZipEntry, zipEntries } from '@nnmeter/model-source/zip';

/** Of torch 2.1 to 2.7; later archives keep programs in a folder and may hold several. */
const FLAT_PROGRAM = 'serialized_exported_program.json';
const PROGRAM_IN_FOLDER = /^[^/]+\/models\/([^/]+)\.json$/;

/** Whether a file is a zip that holds programs. */
export async function holdsProgram(source: ModelSource): Promise<boolean> {
  const entries = await zipEntries(source).catch(() => []);
  return programsAmong(entries).length > 0;
}

/**
 * The JSON text of the program in an archive; weights are not read. `model` is taken where there are several.
 * @throws NnMeterError E_INVALID_INPUT for a damaged zip, E_UNSUPPORTED_FORMAT for one without a program; E_LIMIT for what
 * is no real program.
 */
export async function readProgramText(source: ModelSource): Promise<string> {
  const programs = programsAmong(await zipEntries(source));
  const [program] = programs.length > 1 ? programs.filter(isMain) : programs;
  if (program === undefined) throw await withoutProgram(programs, source);
  return new TextDecoder().decode(await unpackEntry(program));
}

function programsAmong(entries: readonly ZipEntry[]): readonly ZipEntry[] {
  return entries.filter(({ name }) => name === FLAT_PROGRAM || PROGRAM_IN_FOLDER.test(name));
}

function isMain({ name }: ZipEntry): boolean {
  return PROGRAM_IN_FOLDER.exec(name)?.[1] === 'model';
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
