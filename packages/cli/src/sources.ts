import { readdir, stat } from 'node:fs/promises';
import { requireFileStatus } from '@nnmeter/files';
import { locateErrors, NnMeterError, parseShape, type ReadOptions, type Shape } from '@nnmeter/ir';
import { FOREIGN_FOLDER_FILES, type FormatFacts } from '@nnmeter/model-source';
import type { FailureJson } from '@nnmeter/report';
import { COMMANDS, type SourceArguments, suggestion, usageError } from './arguments.ts';
import { describeFailure } from './failure.ts';
import { entryOf, withoutEndSlash } from './folder-paths.ts';

/** One model to read, or why there is none. */
export interface Source {
  /** The path as given, folder/file inside a folder, or the zoo's name. */
  readonly model: string;
  /** Undefined: to be found out from the content. */
  readonly type: string | undefined;
  /** The folder it was found in, if it was not named itself. */
  readonly folder?: string;
  /** To be skipped, not reported, if it is no model: its name does not say that it is one. */
  readonly optional?: boolean;
  readonly failure?: FailureJson;
}

/** Files with other suffixes of a format are expected to be models; if they are not, that is an error. */
const GENERAL_SUFFIXES = ['.json', '.txt', '.xml', '.yaml', '.zip'];

/** What is looked for in folders. */
interface Search {
  /** Undefined: any format. */
  readonly type: string | undefined;
  readonly formats: readonly FormatFacts[];
  readonly recursive: boolean;
}

/**
 * As {@link findSources}, for commands that need a model.
 * @throws NnMeterError E_USAGE if no model is named at all.
 */
export async function listSources(
  options: Pick<SourceArguments, 'files' | '--'>,
  formats: readonly FormatFacts[],
  recursive: boolean,
): Promise<readonly Source[]> {
  const sources = await findSources(options, formats, recursive);
  if (sources.length > 0) return sources;
  throw usageError(
    'no model given; name a file, as in: nn-meter --predictor all --onnx model.onnx',
  );
}

/**
 * Lists the models a command line names, folders expanded: every file with a suffix of the type, sorted. A path that
 * cannot be used becomes a source with a failure, so that the others are not held up.
 */
export async function findSources(
  options: Pick<SourceArguments, 'files' | '--'>,
  formats: readonly FormatFacts[],
  recursive: boolean,
): Promise<readonly Source[]> {
  const given = ({ option }: FormatFacts): readonly string[] =>
    ((option &&
      (options as Readonly<Record<string, unknown>>)[option.name]) as readonly string[]) ?? [];
  const sources: Source[] = [];
  for (const format of formats) {
    if (format.named) continue;
    const search = { type: format.format, formats: [format], recursive };
    for (const path of given(format)) sources.push(...(await expand(path, search)));
  }
  const search = { type: undefined, formats: formats.filter(({ named }) => !named), recursive };
  for (const path of [...(options.files ?? []), ...(options['--'] ?? [])]) {
    sources.push(...(await expand(path, search)));
  }
  for (const format of formats) {
    if (!format.named) continue;
    for (const model of given(format)) sources.push({ model, type: format.format });
  }
  return sources;
}

async function expand(path: string, search: Search): Promise<readonly Source[]> {
  const { type, formats, recursive } = search;
  try {
    if (!(await isFolder(path))) return [{ model: path, type }];
    const whole = await folderFormat(path, formats);
    if (whole !== undefined) return [{ model: path, type: whole }];
    if (await holdsFile(path, FOREIGN_FOLDER_FILES)) return [{ model: path, type }];
    const found: Source[] = [];
    const folder = withoutEndSlash(path);
    await searchFolder({ ...search, folder }, folder, found);
    if (found.length > 0) return found;
    const wanted = type === undefined ? 'files' : `${suffixesOf(formats).join(' or ')} files`;
    throw new NnMeterError(
      'E_FILE',
      `the folder "${path}" holds no ${wanted}${recursive ? '' : '; folders inside it are searched with --recursive'}`,
      { where: { file: path } },
    );
  } catch (error) {
    const failure = isMissingWord(path, error) ? missingWord(path) : describeFailure(error);
    return [{ model: path, type, failure }];
  }
}

/** Whether a plain argument that does not exist may have been meant as a command or as the name of a network. */
function isMissingWord(path: string, error: unknown): boolean {
  return /^[\w-]+$/.test(path) && (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function missingWord(word: string): FailureJson {
  const near = suggestion(word, COMMANDS);
  const hint = near === '' ? '; torchvision networks are named with --torchvision' : near;
  const message = `there is no file or command "${word}"${hint}`;
  return { code: 'E_FILE', message, where: { file: word } };
}

interface FolderSearch extends Search {
  readonly folder: string;
}

async function searchFolder(search: FolderSearch, folder: string, found: Source[]): Promise<void> {
  const { type, formats, recursive } = search;
  const suffixes = suffixesOf(formats);
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const { name } = entry;
    const model = entryOf(folder, name);
    if (entry.isDirectory()) {
      const whole = await folderFormat(model, formats);
      if (whole !== undefined) found.push({ model, type: whole });
      else if (recursive) {
        await searchFolder(search, model, found).catch((error: unknown) => {
          found.push({ model, type, failure: describeFailure(error) });
        });
      }
    } else if (!name.startsWith('.')) {
      const suffix = suffixes.find((each) => name.toLowerCase().endsWith(each));
      if (type === undefined) {
        const optional = suffix === undefined || GENERAL_SUFFIXES.includes(suffix);
        found.push({ model, type, folder: search.folder, optional });
      } else if (suffix !== undefined) found.push({ model, type, folder: search.folder });
    }
  }
}

function suffixesOf(formats: readonly FormatFacts[]): readonly string[] {
  return formats.flatMap(({ suffixes = [] }) => suffixes);
}

/** The format of which a folder as a whole is a model. */
async function folderFormat(
  folder: string,
  formats: readonly FormatFacts[],
): Promise<string | undefined> {
  for (const { format, folderFile } of formats)
    if (folderFile !== undefined && (await holdsFile(folder, [folderFile]))) return format;
  return undefined;
}

async function holdsFile(folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    const found = await stat(`${folder}/${name}`).catch(() => undefined);
    if (found?.isFile()) return true;
  }
  return false;
}

/** @throws NnMeterError E_FILE for pipes, devices and sockets, which would be read for ever. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path);
  if (found.isDirectory()) return true;
  requireFileStatus(path, found);
  return false;
}

/** What models are read with. @throws NnMeterError E_USAGE */
export function readOptions(
  options: Pick<SourceArguments, 'input-shape' | 'dimension' | 'assume' | 'signature'>,
): ReadOptions {
  const { signature, dimension, assume } = options;
  return {
    ...inputShapes(options['input-shape']),
    ...(dimension && { dimensions: sizesOf('dimension', dimension, 'batch=8') }),
    ...(assume && { assume: sizesOf('assume', assume, 'nonzero=100') }),
    ...(signature !== undefined && { signature }),
  };
}

/** Reads `name=300`; which names there are is known to who reads models. */
function sizesOf(
  option: 'dimension' | 'assume',
  values: readonly string[],
  example: string,
): Readonly<Record<string, number>> {
  const sizes = values.map((value): [string, number] => {
    const [, name, size] = /^(.+)=(\d{1,15})$/.exec(value) ?? [];
    if (name === undefined) throw usageError(`--${option} ${value} is no size; write ${example}`);
    return [name, Number(size)];
  });
  return Object.fromEntries(sizes);
}

/**
 * Reads --input-shape values: a shape for the only input, `name=1,3,224,224` for one of several.
 * @throws NnMeterError E_INVALID_INPUT, E_USAGE
 */
function inputShapes(values: readonly string[] | undefined): ReadOptions {
  if (values === undefined) return {};
  const named = new Map(
    values.map((value) => {
      const equals = value.lastIndexOf('=');
      return [
        value.slice(0, Math.max(0, equals)),
        shapeArgument(value.slice(equals + 1), '[NAME=]SHAPE'),
      ];
    }),
  );
  const only = named.get('');
  if (only === undefined) return { inputShapes: Object.fromEntries(named) };
  if (values.length === 1) return { inputShapes: only };
  throw usageError('several --input-shape need the name of each input: name=1,3,224,224');
}

/** The shape that a value of --input-shape has. @param form of such values @throws NnMeterError E_INVALID_INPUT */
export function shapeArgument(text: string, form: string): Shape {
  return locateErrors(
    () => ({ part: `--input-shape ${form}` }),
    () => parseShape(text),
  );
}
