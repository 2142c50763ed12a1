import { type Graph, locateError, NnMeterError, type ReadOptions } from '@nnmeter/ir';
import {
  checkReadOptions,
  FOREIGN_FOLDER_FILES,
  type Frontend,
  isBlob,
  type ModelInput,
  type ModelSource,
  openModel,
  readModel,
} from '@nnmeter/model-source';
import {
  allFormats,
  detectFrontend,
  detectObject,
  findNamed,
  listFormats,
  loadFrontend,
} from './formats.ts';

/** A graph and the format that it was read from. */
export interface TypedGraph {
  readonly type: string;
  readonly graph: Graph;
}

/**
 * Reads a model file; with a type of named models (`torchvision`) `path` is the name of one. Without `type` the format is
 * recognised by the content of the file, never by its name. Models may be folders (TensorFlow SavedModels). The file is
 * opened once. Needs Node, but for names.
 * @throws NnMeterError E_FILE if there is no such file or it cannot be read, E_UNSUPPORTED_FORMAT if nothing installed
 * recognises it, E_MISSING_PACKAGE if the frontend of `type` is not installed, and the frontend's own errors, which
 * name the file.
 */
export async function modelFileToGraph(
  path: string,
  type?: string,
  options?: ReadOptions,
): Promise<Graph> {
  return (await readModelFile(path, type, options)).graph;
}

/**
 * As {@link modelFileToGraph}, telling the format too. An error after the format was recognised has it in
 * `where.format`.
 */
export async function readModelFile(
  path: string,
  type?: string,
  options?: ReadOptions,
): Promise<TypedGraph> {
  const named = type === undefined ? undefined : await findNamed(type, path, () => isFile(path));
  if (named !== undefined) return readName(path, named, options);
  const frontend = type === undefined ? undefined : await loadFrontend(type);
  return readSource(await open(path, frontend), frontend, options);
}

/**
 * Turns a model in memory into a graph: the bytes of a file, a Blob or File (read by ranges), the Files of one model, an
 * ONNX `ModelProto`, parsed JSON of an nn-Meter or NNI graph, or a torchvision name. Without `type`, all but names are
 * recognised by their content.
 * @throws NnMeterError what is wrong with the model and where, E_MISSING_PACKAGE if its frontend is not installed.
 */
export async function modelToGraph(
  model: unknown,
  type?: string,
  options?: ReadOptions,
): Promise<Graph> {
  return (await readModelContent(model, type, options)).graph;
}

/** As {@link modelToGraph}, telling the format too. */
export async function readModelContent(
  model: unknown,
  type?: string,
  options?: ReadOptions,
): Promise<TypedGraph> {
  if (typeof model === 'string' && type !== undefined) {
    const named = await findNamed(type, model, async () => false);
    if (named !== undefined) return readName(model, named, options);
  }
  const frontend = type === undefined ? undefined : await loadFrontend(type);
  if (isBlobs(model)) return readFiles(model, frontend, options);
  if (isContent(model) || (typeof model === 'string' && frontend !== undefined)) {
    const content = typeof model === 'string' ? new TextEncoder().encode(model) : model;
    return readSource(await openModel(content), frontend, options);
  }
  return readObject(model, frontend, options);
}

/**
 * The format of a model, by its content. Paths need Node.
 * @throws NnMeterError E_FILE, E_UNSUPPORTED_FORMAT, as {@link modelFileToGraph}.
 */
export async function detectModelType(model: ModelInput): Promise<string> {
  const source = await (typeof model === 'string' ? open(model) : openModel(model));
  try {
    return (await detectFrontend(source)).format;
  } finally {
    source.close();
  }
}

async function readName(
  name: string,
  frontend: Frontend,
  options: ReadOptions = {},
): Promise<TypedGraph> {
  const { format, title, fromName } = frontend;
  if (fromName !== undefined) {
    checkReadOptions(frontend, options);
    return { type: format, graph: fromName(name, options) };
  }
  throw new NnMeterError('E_INVALID_INPUT', `the frontend for ${title} builds nothing by name`);
}

/** @param frontend if its type was named, else the format is recognised */
async function open(path: string, frontend?: Frontend): Promise<ModelSource> {
  const formats = frontend === undefined ? await listFormats() : [frontend];
  const folderFiles = formats.flatMap(({ folderFile }) => folderFile ?? []);
  return openModel(path, { folderFiles: [...folderFiles, ...FOREIGN_FOLDER_FILES] });
}

async function readSource(
  source: ModelSource,
  frontend: Frontend | undefined,
  options?: ReadOptions,
): Promise<TypedGraph> {
  let reader = frontend;
  try {
    reader ??= await detectFrontend(source);
  } catch (error) {
    source.close();
    throw error;
  }
  return { type: reader.format, graph: await readModel(source, reader, options) };
}

/** The first of several files that is a model; the others lie beside it. */
async function readFiles(
  files: readonly Blob[],
  frontend: Frontend | undefined,
  options?: ReadOptions,
): Promise<TypedGraph> {
  const suffixes = (await allFormats()).flatMap(({ facts }) => facts.suffixes ?? []);
  const hasSuffix = (file: Blob): boolean =>
    suffixes.some((suffix) => 'name' in file && String(file.name).endsWith(suffix));
  const ordered = [...files.filter(hasSuffix), ...files.filter((file) => !hasSuffix(file))];
  let unknown: unknown;
  for (const file of ordered) {
    const source = await openModel(file, { files: files as readonly File[] });
    try {
      return await readSource(source, frontend, options);
    } catch (error) {
      if (!isUnrecognised(error)) throw error;
      unknown ??= error;
    }
  }
  throw unknown;
}

async function readObject(
  model: unknown,
  frontend: Frontend | undefined,
  options: ReadOptions = {},
): Promise<TypedGraph> {
  const isObject = typeof model === 'object' && model !== null;
  const reader = frontend ?? (isObject ? await detectObject(model) : undefined);
  if (reader?.fromObject !== undefined) {
    try {
      checkReadOptions(reader, options);
      return { type: reader.format, graph: reader.fromObject(model as object, options) };
    } catch (error) {
      throw locateError({ format: reader.format }, error);
    }
  }
  if (reader !== undefined) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${reader.title} are read from bytes (Uint8Array), a Blob or a path`,
    );
  }
  if (isObject && isPlain(model)) {
    throw new NnMeterError('E_UNSUPPORTED_FORMAT', 'the object is not a model of a known format', {
      hint: 'name its type to be told why it is refused',
    });
  }
  const types = (await listFormats()).map(({ format }) => format).sort();
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `this cannot be recognised by its content; give bytes, a Blob, a ModelProto or parsed JSON, or name the model type (${types.join(', ')})`,
  );
}

/** Whether an error says that no frontend recognises a model. */
export function isUnrecognised(error: unknown): boolean {
  if (!(error instanceof NnMeterError)) return false;
  return error.code === 'E_UNSUPPORTED_FORMAT' && error.where.format === undefined;
}

function isContent(model: unknown): model is Blob | Uint8Array | ArrayBuffer {
  return model instanceof Uint8Array || model instanceof ArrayBuffer || isBlob(model);
}

function isBlobs(model: unknown): model is readonly Blob[] {
  return Array.isArray(model) && model.length > 0 && model.every(isBlob);
}

/** Whether it can be written as JSON. */
function isPlain(model: object): boolean {
  try {
    return JSON.stringify(model) !== undefined;
  } catch {
    return false;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    (await openModel(path)).close();
    return true;
  } catch {
    return false;
  }
}
