import { readdir, stat } from 'node:fs/promises';
import type { ModelType, ReadOptions, Shape } from '@nnmeter/ir';
import { NnMeterError } from '@nnmeter/ir';
import { COMMANDS, type SourceArguments, suggestion, usageError } from './arguments.ts';
import { describeFailure, type Failure } from './failure.ts';
import { entryOf, withoutEndSlash } from './folder-paths.ts';

/** One model to read, or why there is none. */
export interface Source {
  /** The path as given, folder/file inside a folder, or the zoo's name. */
  readonly model: string;
  /** Undefined: to be found out from the content. */
  readonly type: ModelType | undefined;
  /** The folder of mixed files it was found in. */
  readonly mixedFolder?: string;
  /** To be skipped, not reported, if it is no model: its name does not say that it is one. */
  readonly optional?: boolean;
  readonly failure?: Failure;
}

const FILE_OPTIONS = {
  onnx: { type: 'onnx', suffix: '.onnx' },
  tensorflow: { type: 'pb', suffix: '.pb' },
  'nn-meter-ir': { type: 'nnmeter-ir', suffix: '.json' },
  'nni-ir': { type: 'nni-ir', suffix: '.json' },
} as const;

/** Files so named are expected to be models; if they are not, that is an error. */
const MODEL_SUFFIX = /\.(onnx|pb)$/i;

/**
 * Lists the models a command line names, folders expanded: every file with the type's suffix, sorted. A path that cannot
 * be used becomes a source with a failure, so that the others are not held up.
 * @throws NnMeterError E_USAGE if no model is named at all.
 */
export async function listSources(
  options: SourceArguments,
  recursive: boolean,
): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const [option, { type, suffix }] of Object.entries(FILE_OPTIONS)) {
    for (const path of options[option as keyof typeof FILE_OPTIONS] ?? []) {
      sources.push(...(await expand(path, type, suffix, recursive)));
    }
  }
  for (const path of [...(options.files ?? []), ...(options['--'] ?? [])]) {
    sources.push(...(await expand(path, undefined, '', recursive)));
  }
  for (const name of options.torchvision ?? []) sources.push({ model: name, type: 'torch' });
  if (sources.length === 0) {
    throw usageError(
      'no model given; name a file, as in: nn-meter --predictor all --onnx model.onnx',
    );
  }
  return sources;
}

async function expand(
  path: string,
  type: ModelType | undefined,
  suffix: string,
  recursive: boolean,
): Promise<readonly Source[]> {
  try {
    if (!(await isFolder(path))) return [{ model: path, type }];
    if (canBeSavedModel(type) && (await isSavedModel(path))) return [{ model: path, type: 'pb' }];
    const found: Source[] = [];
    const folder = withoutEndSlash(path);
    await searchFolder({ folder, type, suffix, recursive }, folder, found);
    if (found.length > 0) return found;
    const wanted = suffix === '' ? 'files' : `${suffix} files`;
    throw new NnMeterError(
      'E_FILE',
      `the folder "${path}" holds no ${wanted}${recursive ? '' : '; folders inside it are searched with --recursive'}`,
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

function missingWord(word: string): Failure {
  const near = suggestion(word, COMMANDS);
  const hint = near === '' ? '; torchvision networks are named with --torchvision' : near;
  return { code: 'E_FILE', message: `there is no file or command "${word}"${hint}` };
}

interface FolderSearch {
  readonly folder: string;
  readonly type: ModelType | undefined;
  readonly suffix: string;
  readonly recursive: boolean;
}

async function searchFolder(search: FolderSearch, folder: string, found: Source[]): Promise<void> {
  const { type, suffix, recursive } = search;
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const { name } = entry;
    const model = entryOf(folder, name);
    if (entry.isDirectory()) {
      if (canBeSavedModel(type) && (await isSavedModel(model))) found.push({ model, type: 'pb' });
      else if (recursive) {
        await searchFolder(search, model, found).catch((error: unknown) => {
          found.push({ model, type, failure: describeFailure(error) });
        });
      }
    } else if (name.toLowerCase().endsWith(suffix) && !name.startsWith('.')) {
      if (type !== undefined) found.push({ model, type });
      else
        found.push({ model, type, mixedFolder: search.folder, optional: !MODEL_SUFFIX.test(name) });
    }
  }
}

function canBeSavedModel(type: ModelType | undefined): boolean {
  return type === undefined || type === 'pb';
}

function isSavedModel(folder: string): Promise<boolean> {
  return stat(`${folder}/saved_model.pb`).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** @throws NnMeterError E_FILE for pipes, devices and sockets, which would be read for ever. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path);
  if (found.isDirectory()) return true;
  if (found.isFile()) return false;
  throw new NnMeterError('E_FILE', `"${path}" is neither a file nor a folder`);
}

/**
 * Reads --input-shape values: `1,3,224,224` (or `1x3x224x224`) for the only input, `name=1,3,224,224` for one of several.
 * @throws NnMeterError E_USAGE
 */
export function inputShapes(values: readonly string[] | undefined): ReadOptions {
  if (values === undefined) return {};
  const named = new Map<string, Shape>();
  for (const value of values) {
    const equals = value.lastIndexOf('=');
    named.set(value.slice(0, Math.max(0, equals)), parseShape(value.slice(equals + 1), value));
  }
  const only = named.get('');
  if (only === undefined) return { inputShapes: Object.fromEntries(named) };
  if (values.length === 1) return { inputShapes: only };
  throw usageError('several --input-shape need the name of each input: name=1,3,224,224');
}

function parseShape(text: string, value: string): Shape {
  const shape = text.split(/[,x]/).map((dimension) => {
    return /^\s*\d{1,15}\s*$/.test(dimension) ? Number(dimension) : Number.NaN;
  });
  if (shape.some((dimension) => !(dimension > 0))) {
    throw usageError(
      `--input-shape ${value} is not a shape; write positive integers: 1,3,224,224 or name=1,3,224,224`,
    );
  }
  return shape;
}
